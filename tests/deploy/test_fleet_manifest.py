"""deploy/kubernetes/fleet.yaml: the flags exist, and the policies let in those whom they should, by the labels there are."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from distributed.cli.dask_scheduler import main as scheduler
from distributed.cli.dask_worker import main as worker

from eks_diag_mcp.config import Settings
from eks_diag_mcp.errors import BadInput

ROOT = Path(__file__).parents[2]
OBJECTS = list(yaml.safe_load_all((ROOT / "deploy/kubernetes/fleet.yaml").read_text(encoding="utf-8")))
SERVER = list(yaml.safe_load_all((ROOT / "deploy/kubernetes/server.yaml").read_text(encoding="utf-8")))


def of_kind(kind: str, objects: list[Any] = OBJECTS) -> list[Any]:
    return [each for each in objects if each["kind"] == kind]


@pytest.mark.parametrize(("part", "command"), [("scheduler", scheduler), ("worker", worker)])
def test_every_flag_is_one_that_dask_has(part: str, command: Any) -> None:
    container = of_kind("DaskCluster")[0]["spec"][part]["spec"]["containers"][0]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = [argument for argument in container["args"] if argument.startswith("--")]
    assert given and set(given) <= known and container["command"] == ["dask", part]


def test_the_pods_run_as_the_reading_role_without_privileges() -> None:
    role = of_kind("ServiceAccount")[0]["metadata"]["name"]
    for part in ("scheduler", "worker"):
        spec = of_kind("DaskCluster")[0]["spec"][part]["spec"]
        assert spec["serviceAccountName"] == role and spec["securityContext"]["runAsNonRoot"] is True
        held = spec["containers"][0]["securityContext"]
        assert held["allowPrivilegeEscalation"] is False and held["capabilities"] == {"drop": ["ALL"]}


def test_only_the_server_and_the_workers_reach_the_scheduler() -> None:
    policy = next(p for p in of_kind("NetworkPolicy") if p["spec"]["policyTypes"] == ["Ingress"])
    sources = [source["podSelector"]["matchLabels"] for rule in policy["spec"]["ingress"] for source in rule["from"]]
    of_server = of_kind("Deployment", SERVER)[0]["spec"]["template"]["metadata"]["labels"]
    own = policy["spec"]["podSelector"]["matchLabels"]
    assert sources == [own, of_server]
    assert own["dask.org/cluster-name"] == of_kind("DaskCluster")[0]["metadata"]["name"]


def test_the_address_for_the_server_is_one_that_settings_take() -> None:
    address = "tcp://eks-diag-fleet-scheduler.eks-diag.svc:8786"
    assert address in (ROOT / "deploy/kubernetes/fleet.yaml").read_text(encoding="utf-8")
    assert Settings.read({"EKS_DIAG_FLEET": address}).fleet == address


@pytest.mark.parametrize("address", ["http://scheduler:8786", "tcp://scheduler", "scheduler:8786", "tcp://a b:1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="fleet"):
        Settings.read({"EKS_DIAG_FLEET": address})
