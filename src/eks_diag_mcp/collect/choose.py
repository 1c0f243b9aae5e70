"""Which collector `via=auto` means for a node, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..cloud.aws import Aws
from ..errors import DiagError
from ..naming import AWS_INSTANCE
from .archive import ArchiveFolder
from .model import Ask
from .target import Target, look_up


@dataclass(frozen=True, slots=True)
class Offer:
    """What this server is set up for. `clusters` are those with their regions that may be asked."""

    bucket: bool
    role: bool
    clusters: Mapping[str, str | None]


def choose(ask: Ask, offer: Offer, folder: ArchiveFolder, aws: Aws) -> tuple[str, str, Ask]:
    """(collector, why, the request with what was learned of the instance). A fresh bundle by SSM or the node's agent where the node can be asked, else what was collected
    before. Without AWS set up, the folder."""
    if not offer.bucket:
        return "archive", "the newest bundle of the node in the archives folder; no log bucket is set up for a fresh one", ask
    if not AWS_INSTANCE.fullmatch(ask.instance_id):
        if folder.of(ask.instance_id):
            return "archive", "the archives folder has a bundle of that name", ask
        return "node", "a node's name was given, which only the cluster knows", ask
    try:
        target = look_up(aws, ask.instance_id, aws.region(ask.region or offer.clusters.get(ask.cluster or "")))
    except DiagError as error:
        if folder.of(ask.instance_id):
            why = f"the archives folder has a bundle, and AWS could not be asked about the node: {error.message}"
            return "archive", why, ask
        raise
    return *_reach(target, offer, folder), replace(ask, target=target)


def _reach(target: Target, offer: Offer, folder: ArchiveFolder) -> tuple[str, str]:
    if target.state == "running":
        return _live(target, offer)
    if folder.of(target.instance_id):
        return "archive", f"the instance is {target.state}; the archives folder has a bundle of it"
    return "s3", f"the instance is {target.state}; only the bucket is left"


def _live(target: Target, offer: Offer) -> tuple[str, str]:
    """The way to a node that runs."""
    if target.auto_mode:
        return "node", "an EKS Auto Mode node: it has the node monitoring agent and no SSM"
    if target.ssm == "Online" and offer.role:
        return "ssm", "SSM reaches the node"
    if target.ssm == "Online":
        return "node", "SSM reaches the node, but no automation role is set up"
    why = "could not be asked" if target.ssm is None else f"says {target.ssm}"
    return "node", f"SSM {why}; the node monitoring agent needs none"
