"""doctor: a line each for what the set-up needs, with the fix."""

import json
import subprocess
import sys

from eks_diag_mcp.collect.checkup import Check

from ..doubles.kubernetes import KubeDouble
from .conftest import CLUSTER, Site


def checks(site: Site, **settings: object) -> dict[str, Check]:
    return {c.name: c for c in site.app(**settings).desk.check_up(CLUSTER, None)}


def test_a_set_up_that_is_whole_has_no_fault(site: Site, cluster: KubeDouble) -> None:
    cluster.node("ip-10-0-1-1.us-west-2.compute.internal", "i-0123456789abcdef0")
    found = checks(site)
    assert {c.result for c in found.values()} <= {"ok", "skipped"}, found
    assert found["cluster"].result == found["log bucket"].result == found["runbook"].result == "ok"


def test_each_fault_is_found_with_its_fix(site: Site, cluster: KubeDouble) -> None:
    public = site.aws.world.bucket("open-logs", public=True)
    site.aws.ssm.absent_in.add("us-west-2")
    cluster.fail("*", "nodes", 403, times=9)
    found = checks(site, bucket=public, automation_role="collector")
    for name in ("log bucket", "runbook", "automation role", "cluster"):
        assert found[name].result == "fault" and found[name].fix, found[name]


def test_without_credentials_the_rest_is_skipped_not_guessed(site: Site) -> None:
    site.aws.fail("sts:GetCallerIdentity", "expired token")
    found = checks(site)
    assert found["credentials"].result == "fault" and found["cluster"].result == "skipped"


def test_the_command_prints_a_line_each_and_fails_on_a_fault(site: Site, cluster: KubeDouble) -> None:
    def doctor(**more: str) -> subprocess.CompletedProcess[str]:
        env = site.aws.env(EKS_DIAG_LIBRARY=str(site.library), EKS_DIAG_AUTOMATION_ROLE=site.role, **more)
        command = [sys.executable, "-m", "eks_diag_mcp", "doctor", "--cluster", CLUSTER]
        return subprocess.run(
            [*command, *(["--json"] if more.get("JSON") else [])], env=env, capture_output=True, text=True, check=False
        )

    good = doctor(EKS_DIAG_BUCKET=site.bucket, JSON="1")
    assert good.returncode == 0 and json.loads(good.stdout)["faults"] == 0
    bad = doctor(EKS_DIAG_BUCKET="no-such-logs")
    assert bad.returncode == 1 and "FAULT log bucket" in bad.stdout and "-> " in bad.stdout
