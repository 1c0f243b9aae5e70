"""history, artifact: what was collected when, and where a bundle or a file of it can be read."""

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from pydantic import Field

from ..errors import BadInput
from .collecting import InstanceArg
from .finding import Token
from .room import Room, stamp
from .shapes import Answer

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle


class HistoryRow(Answer):
    """One collection or bundle, with where it came from."""

    instanceId: str
    collected: str | None = None
    bundle: str | None = None
    executionId: str | None = None
    via: str
    region: str | None = None
    clusterName: str | None = None
    state: str
    files: int | None = None
    bytes: int | None = None
    provenance: dict[str, str] | None = None


class HistoryAnswer(Answer):
    """What this library knows of, newest first."""

    collections: list[HistoryRow]
    shown: int
    total: int
    nextPageToken: str | None = None


class ArtifactAnswer(Answer):
    """A link to evidence. It holds what the store holds: masked text."""

    instanceId: str
    note: str | None = None
    uri: str
    file: str | None = None
    bytes: int
    bundle: str
    expires: str | None = None
    next_step: str


def history(
    room: Room,
    instanceId: Annotated[str | None, Field(description="Of one node. Left out: all")] = None,
    clusterName: Annotated[str | None, Field(description="Of one cluster's collections")] = None,
    maxResults: Annotated[int, Field(ge=1, le=50)] = 20,
    pageToken: Token = None,
) -> HistoryAnswer:
    """Log bundles and collections of EKS nodes known here, newest first, each with where it came from."""
    from ..bundle.search import token, untoken

    rows = _bundles(room, instanceId)
    known = {r.executionId for r in rows if r.executionId}
    for entry in room.app.intake.ledger.entries(instanceId):
        if entry.execution_id not in known:
            rows.append(
                HistoryRow(
                    instanceId=entry.instance_id,
                    collected=entry.started,
                    executionId=entry.execution_id,
                    via=entry.via,
                    region=entry.region,
                    clusterName=entry.cluster,
                    state="asked for; status tells how far it is",
                )
            )
    if clusterName:
        rows = [r for r in rows if r.clusterName == clusterName]
    rows.sort(key=lambda r: (r.collected or "", r.instanceId), reverse=True)
    start = untoken(pageToken, 1)[0] if pageToken else 0
    page = rows[start : start + maxResults]
    more = start + len(page) < len(rows)
    return HistoryAnswer(
        collections=page, shown=len(page), total=len(rows), nextPageToken=token(start + len(page)) if more else None
    )


def _bundles(room: Room, instance_id: str | None) -> list[HistoryRow]:
    library = room.app.library
    names = [instance_id] if instance_id else library.instances()
    return [_row(room, bundle) for name in names for bundle in library.bundles(name)]


def _row(room: Room, bundle: "Bundle") -> HistoryRow:
    told = bundle.manifest.provenance
    entry = room.app.intake.ledger.get(told["execution"]) if "execution" in told else None
    return HistoryRow(
        instanceId=bundle.instance_id,
        collected=stamp(bundle.captured),
        bundle=bundle.digest[:12],
        executionId=told.get("execution"),
        via=told.get("via", "unknown"),
        region=told.get("region"),
        clusterName=told.get("cluster") or (entry.cluster if entry else None),
        state="indexed",
        files=len(bundle.manifest.files),
        bytes=sum(f.size for f in bundle.manifest.files),
        provenance={k: v for k, v in told.items() if k in ("archive", "etag", "version", "written")} or None,
    )


def artifact(
    room: Room,
    instanceId: InstanceArg = None,
    file: Annotated[str | None, Field(description="A file of the bundle. Left out: its list of files")] = None,
    expirationMinutes: Annotated[int, Field(ge=1, le=60, description="Links here are resource links and do not expire")] = 15,
) -> ArtifactAnswer:
    """A resource link to a file of an EKS node's log bundle (masked text). Raw bundles are never linked: they may hold secrets."""
    del expirationMinutes  # a resource is read through this server, so nothing is handed out that could be used later
    bundle, note = room.bundle(instanceId)
    if file is None:
        raise BadInput(
            "Name a file: raw bundles may hold secrets, so only masked files are linked.",
            f'validate(instanceId="{bundle.instance_id}") lists the sources, read(source=...) their files.',
        )
    entry = bundle.files.get(file)
    if entry is None:
        near = ", ".join([f for f in bundle.files if file.rpartition("/")[2] in f][:5]) or "none alike"
        raise BadInput(f"The bundle has no file {file[:120]!r}.", f"Alike: {near}.")
    return ArtifactAnswer(
        instanceId=bundle.instance_id,
        note=note,
        uri=f"log://{bundle.instance_id}/{quote(file)}",
        file=file,
        bytes=entry.size,
        bundle=bundle.digest[:12],
        next_step="Read the resource, or use read(file=...) for single lines.",
    )
