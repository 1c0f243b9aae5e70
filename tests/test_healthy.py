"""Healthy nodes of every kind the judge builds: nothing loud is found, and no cause stands. Bait in user logs changes nothing."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eks_diag_mcp.app import App

sys.path.insert(0, str(Path(__file__).parent / "eval"))
import bundle_builder

CAPTURED = datetime(2026, 11, 20, 14, 30, 20, tzinfo=UTC)
PREFIX = bundle_builder.Pool(64, 41, 2, 2, True)
NODES = {
    "plain": {},
    "older CNI": {"cni": "1.11", "instance_type": "m5.xlarge", "seed": 2},
    "prefixes": {"cni": "1.23", "instance_type": "m5.xlarge", "seed": 3, "pool": PREFIX},
    "Xen": {"cni": "1.23", "instance_type": "m4.4xlarge", "seed": 7},
    "long history": {"instance_type": "t3.medium", "seed": 4, "size": 1},
    "busy": {"instance_type": "m5a.4xlarge", "seed": 5, "pool": bundle_builder.Pool(116, 87, 1, 4)},
    "large": {"instance_type": "c5.18xlarge", "seed": 6},
    "baited": {"bait": True, "seed": 8},
    "baited, older CNI": {"bait": True, "cni": "1.11", "seed": 9},
    "just booted": {"boot_noise": True, "seed": 10},
    "just booted and baited": {"boot_noise": True, "bait": True, "seed": 11},
}


@pytest.mark.parametrize("name", NODES)
def test_a_healthy_node_raises_nothing_critical_or_high_and_no_cause(name: str, app: App, tmp_path: Path) -> None:
    identity = f"i-0{sum(map(ord, name)):016x}"
    node = bundle_builder.Node(captured=CAPTURED, instance_id=identity, **{"size": 0.3, **NODES[name]})
    path = bundle_builder.write_archive(node, bundle_builder.build(node), tmp_path)
    bundle = app.library.admit(path, now=time.monotonic, wall=CAPTURED)
    assert [(f.signature, f.evidence[0].text[:160]) for f in app.findings(bundle) if f.severity in ("critical", "high")] == []
    assert [v.id for v in app.diagnosis(bundle).verdicts if v.stand == "supported"] == []
