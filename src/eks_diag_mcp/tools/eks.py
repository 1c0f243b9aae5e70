"""describe_eks_resource: what EKS says of a cluster and what hangs on it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from .outside_room import ClusterArg, masker, quoted
from .room import Room
from .shapes import Answer

if TYPE_CHECKING:
    from ..cloud.clusters import ClusterRef
    from ..cluster.eks_resource import EksResource, ResourceType

_CALLS_S = 15.0
_VERSIONS = 12


class IssueRow(Answer):
    """A fault that EKS names; `text` is EKS's message."""

    code: str
    text: str | None = None
    resources: list[str] | None = None


class ResourceRow(Answer):
    """A resource in short."""

    name: str
    status: str | None = None
    version: str | None = None
    issues: list[str] | None = None


class EksAnswer(Answer):
    """An EKS resource. `found` false is an answer: `known` names those there are."""

    clusterName: str
    note: str | None = None
    resourceType: str
    resourceName: str | None = None
    found: bool
    status: str | None = None
    properties: dict[str, Any] | None = None
    issues: list[IssueRow] | None = None
    compatible: bool | None = None
    compatible_versions: list[str] | None = None
    default_version: str | None = None
    kubernetes_version: str | None = None
    items: list[ResourceRow] | None = None
    known: list[str] | None = None
    text: str | None = None
    gaps: list[str] | None = None
    next_step: str | None = None


def describe_eks_resource(
    room: Room,
    resourceType: Literal["cluster", "nodegroup", "addon", "insight", "accessentry", "podidentity"],
    clusterName: ClusterArg = None,
    resourceName: Annotated[str | None, Field(description="Left out: all of that type", examples=["vpc-cni"])] = None,
) -> EksAnswer:
    """What the EKS API says: cluster, node groups, add-ons (health, compatible versions), insights, access."""
    from ..cluster.choosing import choose
    from ..cluster.eks_overview import versions_of
    from ..cluster.eks_resource import describe
    from ..cluster.fanout import Fanout

    outside = room.app.outside
    ref, note = choose(outside.clusters, clusterName)
    if resourceType != "cluster" and not resourceName:
        return _listed(room, ref, resourceType, note)
    found = describe(outside.aws, ref, resourceType, resourceName)
    mask = masker()
    if not found.found:
        return EksAnswer(
            clusterName=ref.name,
            note=note,
            resourceType=resourceType,
            resourceName=resourceName,
            found=False,
            known=list(found.known),
            next_step=_absent(resourceType),
        )
    fan = Fanout(room.app.now, _CALLS_S, room.checkpoint)
    versions, kubernetes = versions_of(outside.aws, ref, found.name, fan) if resourceType == "addon" else (None, None)
    return EksAnswer(
        clusterName=ref.name,
        note=note,
        resourceType=resourceType,
        resourceName=found.name,
        found=True,
        status=found.status or None,
        properties=dict(found.properties),
        issues=_issues(found, mask) if resourceType in ("cluster", "nodegroup", "addon") else None,
        compatible=versions.fits(str(found.properties.get("version"))) if versions else None,
        compatible_versions=list(versions.versions[:_VERSIONS]) if versions else None,
        default_version=versions.default or None if versions else None,
        kubernetes_version=kubernetes,
        text=quoted(found.text, mask, 3000),
        gaps=[str(g) for g in fan.gaps] or None,
    )


def _absent(resource_type: str) -> str:
    if resource_type == "addon":
        return (
            "The cluster has no add-on of that name; the component may still run, installed by hand (self-managed): "
            "list_k8s_resources kind=DaemonSet namespace=kube-system shows it."
        )
    return "Use one of the names in `known`."


def _issues(found: "EksResource", mask: Callable[[str], str]) -> list[IssueRow]:
    return [IssueRow(code=i.code, text=quoted(i.text, mask, 500), resources=list(i.resources) or None) for i in found.issues[:20]]


def _listed(room: Room, ref: "ClusterRef", resource_type: "ResourceType", note: str | None) -> EksAnswer:
    """All of a type: each with its status where EKS has one."""
    from ..cluster.eks_overview import overview
    from ..cluster.fanout import Fanout

    fan = Fanout(room.app.now, _CALLS_S, room.checkpoint)
    items = [
        ResourceRow(
            name=name,
            status=found.status or None if found else None,
            version=found.properties.get("version") if found else None,
            issues=[i.code for i in found.issues] or None if found else None,
        )
        for name, found in overview(room.app.outside.aws, ref, resource_type, fan).items()
    ]
    return EksAnswer(
        clusterName=ref.name,
        note=note,
        resourceType=resource_type,
        found=bool(items),
        items=items,
        gaps=[str(g) for g in fan.gaps] or None,
        next_step="Name one in resourceName for all of it." if items else f"The cluster has no {resource_type}.",
    )
