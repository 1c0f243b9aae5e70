"""Healthy nodes of the judge's builder (tests/eval), as fake bundles."""

import importlib.util
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from .conftest import FakeBundle, from_bytes

CAPTURED = datetime(2026, 11, 20, 14, 30, 20, tzinfo=UTC)
NODES = {
    "plain": {},
    "older CNI": {"cni": "1.11", "instance_type": "m5.xlarge"},
    "newer CNI, Xen": {"cni": "1.23", "instance_type": "m4.4xlarge", "seed": 3},
    "baited": {"bait": True, "seed": 2},
    "just booted": {"boot_noise": True},
    "just booted and baited": {"boot_noise": True, "bait": True, "seed": 5},
    "ipamd down": {"ipamd_up": False, "quiet_s": 185},
    "large": {"instance_type": "c5.18xlarge", "seed": 4},
}


@cache
def _builder():
    path = Path(__file__).parents[1] / "eval" / "bundle_builder.py"
    spec = importlib.util.spec_from_file_location("eval_bundle_builder", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def healthy(name: str) -> FakeBundle:
    """One of NODES, captured at CAPTURED."""
    builder = _builder()
    return from_bytes(builder.build(builder.Node(captured=CAPTURED, size=0.2, **NODES[name])), CAPTURED)
