"""What stands behind the door stays behind it, and starting up stays cheap."""

import subprocess
import sys

import pytest

HEAVY = "numpy pyarrow hyperscan boto3 botocore kubernetes duckdb"
SERVER = "strict answers prompts resources skills completions bridge schemas manners adapt audit logs principals rates views auth http_config"


def loaded(modules, *unwanted):
    code = f"import sys, {modules}; print([m for m in {unwanted!r} if m in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_door_loads_nothing_heavy():
    assert loaded(", ".join(f"eks_diag_mcp.server.{name}" for name in SERVER.split()), *HEAVY.split()) == "[]"


@pytest.mark.parametrize("module", ["eks_diag_mcp.runbooks.match", "eks_diag_mcp.quoting"])
def test_the_rooms_behind_it_do_not_know_mcp(module):
    assert loaded(module, "mcp", "anyio", *HEAVY.split()) == "[]"
