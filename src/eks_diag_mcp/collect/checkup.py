"""The check-up of a set-up: can this server see AWS, its bucket, the runbook, a cluster. One line each, with the fix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ..cloud.aws import Aws
from ..cloud.clusters import Clusters
from ..cloud.kinds import kinds
from ..errors import DiagError
from .archive import ArchiveFolder
from .bucket import LogBucket
from .ssm import DOCUMENT

Result = Literal["ok", "fault", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer. `fix` says what to do about a fault or what a skipped one would need."""

    name: str
    result: Result
    says: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the server is set up with."""

    aws: Aws
    clusters: Clusters
    bucket: LogBucket
    bucket_name: str | None
    role: str | None
    archives: ArchiveFolder
    region: str | None = None
    cluster: str | None = None


def check_up(setup: SetUp) -> Iterator[Check]:
    """The checks in the order in which they build on one another. None raises."""
    yield _asked("archives folder", lambda: _archives(setup))
    region_check, region = _region(setup)
    yield region_check
    if region is None:
        yield from (
            Check(n, "skipped", "needs a region") for n in ("credentials", "log bucket", "runbook", "automation role", "cluster")
        )
        return
    credentials = _asked("credentials", lambda: _credentials(setup, region))
    yield credentials
    if credentials.result != "ok":
        yield from (Check(n, "skipped", "needs credentials") for n in ("log bucket", "runbook", "automation role", "cluster"))
        return
    yield _asked("log bucket", lambda: _bucket(setup, region))
    yield _asked("runbook", lambda: _runbook(setup, region))
    yield _role(setup, region)
    yield _asked("cluster", lambda: _cluster(setup))


def _asked(name: str, ask: Callable[[], Check | str]) -> Check:
    """The check, or the fault that the asking met."""
    try:
        found = ask()
    except DiagError as error:
        return Check(name, "fault", error.message, error.next_step)
    return found if isinstance(found, Check) else Check(name, "ok", found)


def _archives(setup: SetUp) -> Check | str:
    if setup.archives.folder is None:
        return Check("archives folder", "skipped", "none set", "EKS_DIAG_ARCHIVES: for bundles that lie in a folder")
    return f"bundles of {len(setup.archives.instances())} instances"


def _region(setup: SetUp) -> tuple[Check, str | None]:
    try:
        region = setup.aws.region(setup.region)
    except DiagError as error:
        return Check("region", "fault", error.message, error.next_step), None
    return Check("region", "ok", f"{region} (partition {setup.aws.partition(region)})"), region


def _credentials(setup: SetUp, region: str) -> str:
    setup.aws.account(region)
    return "AWS accepts them (sts:GetCallerIdentity)"


def _bucket(setup: SetUp, region: str) -> Check | str:
    if not setup.bucket_name:
        return Check("log bucket", "skipped", "none set", "EKS_DIAG_BUCKET: needed to collect by SSM or by the node's agent")
    notes = setup.bucket.check(region)
    return "; ".join(["ours and not public", *notes])


def _runbook(setup: SetUp, region: str) -> str:
    setup.aws.call("ssm", "describe_document", region, Name=DOCUMENT)
    return f"{DOCUMENT} is there"


def _role(setup: SetUp, region: str) -> Check:
    fix = "EKS_DIAG_AUTOMATION_ROLE: the ARN of the role that SSM Automation assumes (deploy/ makes one)"
    if not setup.role:
        return Check("automation role", "skipped", "none set", fix)
    parts = setup.role.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("role/"):
        return Check("automation role", "fault", "what is set is no ARN of a role", fix)
    if parts[1] != setup.aws.partition(region) or parts[4] != setup.aws.account(region):
        return Check("automation role", "fault", "the role is of another account or partition", fix)
    return Check("automation role", "ok", "set; whether SSM may assume it shows at the first collection")


def _cluster(setup: SetUp) -> Check | str:
    if not setup.cluster and len(setup.clusters.allowed) != 1:
        return Check("cluster", "skipped", "none named", "eks-diag-mcp doctor --cluster NAME, or EKS_DIAG_CLUSTERS")
    ref = setup.clusters.ref(setup.cluster, setup.region)
    kube = setup.clusters.kube(ref)
    version = kube.version()
    seen = len(kube.page(kinds()["node"], limit=1).get("items") or [])
    for word in ("pod", "event"):
        kube.page(kinds()[word], limit=1)
    return f"{ref.name} answers as {version}; nodes, pods and events can be listed" + ("" if seen else "; it has no node")
