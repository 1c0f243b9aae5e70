"""deploy/kubernetes/server.yaml against Kubernetes' own models, and against the flags and settings that the server has."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import kubernetes.client
import pytest
import yaml

from eks_diag_mcp import config as settings_module
from eks_diag_mcp.cli import main
from eks_diag_mcp.config import Settings
from eks_diag_mcp.server import http_config
from eks_diag_mcp.server.http_config import HttpConfig

from ..http.conftest import House, Open, house, open_door

__all__ = ["house", "open_door"]
ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy/kubernetes/server.yaml").read_text(encoding="utf-8")
OBJECTS: dict[str, dict[str, Any]] = {item["kind"]: item for item in yaml.safe_load_all(TEXT)}
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
SERVER = POD["containers"][0]
ENV = {row["name"]: row["value"] for row in SERVER["env"]}


@pytest.mark.parametrize("kind", OBJECTS)
def test_every_field_is_one_that_kubernetes_knows(kind: str) -> None:
    api = kubernetes.client.ApiClient()
    read = api.deserialize(json.dumps(OBJECTS[kind]), f"V1{kind}", "application/json")
    assert api.sanitize_for_serialization(read) == OBJECTS[kind]


def test_its_flags_and_settings_are_ones_that_the_server_has(tmp_path: Path) -> None:
    arguments = SERVER["args"]
    at = arguments.index("serve")
    with main.make_context("eks-diag-mcp", arguments[:at], resilient_parsing=True) as told:
        toolsets = told.params["toolsets"]
    with main.commands["serve"].make_context("serve", arguments[at + 1 :]) as told:
        params = dict(told.params)
    assert params.pop("auth_file") == Path("/etc/eks-diag-mcp/auth.yaml")
    auth = tmp_path / "auth.yaml"
    auth.write_text(yaml.safe_dump({"tokens": [{"name": "one", "sha256": hashlib.sha256(b"t").hexdigest()}]}))
    config = HttpConfig.read(ENV, params.pop("address"), auth, **params)
    assert config.auth and config.drain_s + 10 < POD["terminationGracePeriodSeconds"]
    names = OBJECTS["Service"]["metadata"]
    assert f"{names['name']}.{names['namespace']}.svc" in config.hosts
    settings = Settings.read(ENV, toolsets=frozenset(toolsets.split(",")))
    assert settings.log_format == "json" and settings.bucket and settings.automation_role and settings.clusters
    known = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (settings_module, http_config))
    assert not [name for name in ENV if name.startswith("EKS_DIAG_") and name not in known]


def test_its_probes_are_answered(house: House, open_door: Open) -> None:
    door = open_door(house.app)
    paths = {SERVER[p]["httpGet"]["path"] for p in ("startupProbe", "livenessProbe", "readinessProbe")}
    paths.add(OBJECTS["Deployment"]["spec"]["template"]["metadata"]["annotations"]["prometheus.io/path"])
    assert {path: door.get(path, Host="10.1.2.3:8080").status_code for path in paths} == dict.fromkeys(paths, 200)


def test_the_pod_can_do_no_more_than_it_must() -> None:
    assert POD["securityContext"]["runAsNonRoot"] and POD["securityContext"]["runAsUser"] > 1000
    held = SERVER["securityContext"]
    assert held["readOnlyRootFilesystem"] and not held["allowPrivilegeEscalation"] and held["capabilities"]["drop"] == ["ALL"]
    assert POD["automountServiceAccountToken"] is False
    assert "eks.amazonaws.com/role-arn" in OBJECTS["ServiceAccount"]["metadata"]["annotations"]
    assert not [row for row in SERVER["env"] if re.search(r"(?i)secret|password|token", row["name"])]


def test_the_library_and_the_callers_are_mounted_where_the_server_looks() -> None:
    mounts = {row["name"]: row["mountPath"] for row in SERVER["volumeMounts"]}
    volumes = {row["name"]: row for row in POD["volumes"]}
    assert set(mounts) == set(volumes) and "emptyDir" in volumes["library"] and "secret" in volumes["auth"]
    assert ENV["EKS_DIAG_LIBRARY"].startswith(mounts["library"] + "/")
    assert SERVER["args"][SERVER["args"].index("--auth") + 1].startswith(mounts["auth"] + "/")


def test_service_policy_and_deployment_mean_the_same_pods_and_port() -> None:
    labels = OBJECTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    policy = OBJECTS["NetworkPolicy"]["spec"]
    assert OBJECTS["Service"]["spec"]["selector"] == labels == policy["podSelector"]["matchLabels"]
    assert OBJECTS["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    port = SERVER["ports"][0]["containerPort"]
    assert [row["port"] for rule in policy["ingress"] for row in rule["ports"]] == [port]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert OBJECTS["Service"]["spec"]["ports"][0]["targetPort"] == SERVER["ports"][0]["name"]
    assert SERVER["args"][SERVER["args"].index("--http") + 1].endswith(f":{port}")


def test_the_image_bears_the_version_of_the_package() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version and SERVER["image"].endswith(f":{version[1]}")
