"""list_k8s_resources and read_k8s_resource: is it running, on which node, and why not."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from .finding import Token
from .outside_room import ClusterArg, NamespaceArg, fitting, masker, quoted
from .room import Room
from .shapes import Answer

if TYPE_CHECKING:
    from ..cluster.digest import Digest

KindArg = Annotated[str, Field(description="Kind, plural or short name", examples=["Pod"])]
ApiArg = Annotated[str | None, Field(description="Only for kinds not built in", examples=["karpenter.sh/v1"])]


class ObjectRow(Answer):
    """The status digest of one object. `conditions` are those that are not as they should be; `text` is its own message."""

    name: str
    namespace: str | None = None
    status: str
    ready: str | None = None
    restarts: int | None = None
    waiting: str | None = None
    node: str | None = None
    ip: str | None = None
    conditions: list[str] | None = None
    more: dict[str, str | int | bool] | None = None
    age: str | None = None
    text: str | None = None


class ListAnswer(Answer):
    """Objects, those that are not well first. `by_status` counts all that were read."""

    clusterName: str
    note: str | None = None
    kind: str
    items: list[ObjectRow]
    shown: int
    total: int | None = None
    by_status: dict[str, int]
    nextPageToken: str | None = None


class ObjectAnswer(Answer):
    """One object: its digest, and all of it as YAML in `text` (without managedFields, secrets redacted)."""

    clusterName: str
    note: str | None = None
    kind: str
    apiVersion: str
    found: bool
    name: str
    namespace: str | None = None
    status: ObjectRow | None = None
    text: str | None = None
    cut: str | None = None
    next_step: str | None = None


def list_k8s_resources(
    room: Room,
    kind: KindArg,
    clusterName: ClusterArg = None,
    apiVersion: ApiArg = None,
    namespace: NamespaceArg = None,
    labelSelector: Annotated[str | None, Field(examples=["k8s-app=aws-node"])] = None,
    fieldSelector: Annotated[str | None, Field(examples=["spec.nodeName=NODE"])] = None,
    limit: Annotated[int, Field(ge=1, le=500)] = 100,
    pageToken: Token = None,
) -> ListAnswer:
    """List Kubernetes objects with status: phase, ready, restarts, waiting reason, node, IP; unhealthy first."""
    from ..cluster.choosing import choose
    from ..cluster.listing import Place, Selection, read_stretch

    clusters = room.app.outside.clusters
    ref, note = choose(clusters, clusterName)
    kube = clusters.kube(ref)
    known = kube.kind(kind, apiVersion)
    place_of = namespace if known.namespaced and namespace not in ("all", "*") else None
    selection = Selection(ref.name, known, place_of, labelSelector, fieldSelector)
    stretch = read_stretch(kube, selection, Place.read(pageToken, selection), room.checkpoint)
    now, mask = room.app.wall(), masker()
    rows = fitting((object_row(d, now, mask) for d in stretch.digests[stretch.place.shown :]), limit)
    following = stretch.after(len(rows))
    return ListAnswer(
        clusterName=ref.name,
        note=note,
        kind=known.kind,
        items=rows,
        shown=len(rows),
        total=stretch.total,
        by_status=stretch.counts,
        nextPageToken=following.write(selection) if following else None,
    )


def read_k8s_resource(
    room: Room,
    kind: KindArg,
    name: str,
    clusterName: ClusterArg = None,
    namespace: Annotated[str | None, Field(description="Left out: looked for in all")] = None,
    apiVersion: ApiArg = None,
) -> ObjectAnswer:
    """Read one Kubernetes object whole, as YAML, with its status digest. Values of Secrets are redacted."""
    from ..cluster.choosing import choose
    from ..cluster.objects import read_object
    from ..errors import NotThere
    from ..quoting import clean

    clusters = room.app.outside.clusters
    ref, note = choose(clusters, clusterName)
    kube, mask = clusters.kube(ref), masker()
    known = kube.kind(kind, apiVersion)
    try:
        found = read_object(kube, known, name, namespace, mask)
    except NotThere as error:
        return ObjectAnswer(
            clusterName=ref.name,
            note=note,
            kind=known.kind,
            apiVersion=known.api,
            found=False,
            name=clean(name, 253),
            namespace=namespace,
            next_step=f"{error.message} {error.next_step}",
        )
    return ObjectAnswer(
        clusterName=ref.name,
        note="; ".join(n for n in (note, found.note) if n) or None,
        kind=known.kind,
        apiVersion=known.api,
        found=True,
        name=found.name,
        namespace=found.namespace or None,
        status=object_row(found.digest, room.app.wall(), mask),
        text=clean(found.yaml, 40_000),
        cut=found.cut or None,
    )


def object_row(digest: "Digest", now: datetime, mask: Callable[[str], str]) -> ObjectRow:
    """A digest as it is shown; what is empty is left out."""
    from ..cluster.reading import age

    return ObjectRow(
        name=digest.name,
        namespace=digest.namespace or None,
        status=digest.status,
        ready=digest.ready or None,
        restarts=digest.restarts or None,
        waiting=digest.waiting or None,
        node=digest.node or None,
        ip=digest.ip or None,
        conditions=list(digest.conditions) or None,
        more=dict(digest.more) or None,
        age=age(digest.created, now) or None,
        text=quoted(digest.text, mask),
    )
