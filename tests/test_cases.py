"""Real incidents put into otherwise healthy bundles: the cause is named, and no incident makes another family's cause stand."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.diagnose.causes import causes

sys.path.insert(0, str(Path(__file__).parent / "eval"))
import bundle_builder
import inject

CAPTURED = datetime(2026, 11, 20, 14, 30, 20, tzinfo=UTC)
FOLDERS = [Path(__file__).parent / "eval" / "cases", *sorted(f for f in (Path(__file__).parent / "field").iterdir() if f.is_dir())]
CASES = {c["id"]: c for folder in FOLDERS for c in inject.load_cases(folder) if c["visible"]}
SEVERAL: dict[str, set[str]] = {
    "br-3087-hung-panic": {"oom_system"},  # kubelet hangs in a memory-cgroup call before the panic
    "cni-0283-connection-timed-out": {"containerd_crash"},  # dockerd loses its containerd in the same excerpt
    "cni-1008-metadata-discrepancy": {"imds"},  # metadata lists an ENI that EC2 does not know
    "eksami-0419-kubelet-own-cgroup": {"oom_cgroup"},  # the limit of a cgroup kills a system service
    "eksami-1716-restart": {"oom_system"},  # the OOM killer takes a process of a system service
    "forlinux-1001-kmem-limit": {"oom_cgroup"},  # a cgroup's kernel-memory limit starts it
    "k8s-17525-docker-hung": {"sandbox_create"},  # a pod call runs out of time, too
    "k8s-45502-cloud-cert": {"image_pull"},  # the expired certificate is met by an image pull
}
"""Cases whose excerpts really tell of a second fault, and its family."""


def supported(app: App, case: dict, folder: Path) -> list[str]:
    """The causes that stand for the case's bundle, best first."""
    node, files, _ = inject.build_case(case, CAPTURED, size=0.3)
    path = bundle_builder.write_archive(node, files, folder)
    bundle = app.library.admit(path, now=time.monotonic, wall=CAPTURED)
    return [v.id for v in app.diagnosis(bundle).verdicts if v.stand == "supported"]


def family(cause: str) -> str:
    return cause.split(".", maxsplit=1)[0]


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_cause_of_another_family_stands(name: str, app: App, tmp_path: Path) -> None:
    case = CASES[name]
    if not case["score_cause"]:
        pytest.skip("the excerpts cannot decide the cause")
    table = causes()
    own = [row.id for row in table.rows if row.id == case["category"] or family(row.id) == family(case["category"])]
    allowed = {family(case["category"])} | {family(c) for cause in own for c in table.explained(cause)} | SEVERAL.get(name, set())
    assert [c for c in supported(app, case, tmp_path) if family(c) not in allowed] == []
