"""collect, status, validate: get a bundle, wait for it, and see how complete it is."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ..errors import BadInput, Unavailable
from ..jobs import Work
from ..naming import EXAMPLE_INSTANCE
from .room import Room, stamp
from .shapes import Answer

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

InstanceArg = Annotated[
    str | None,
    Field(description="EC2 instance id, node name or alias. Left out: the only one known", examples=["i-0123456789abcdef0"]),
]


class Task(Answer):
    """How far a job is."""

    taskId: str
    state: str
    message: str | None = None
    progress: float


class CollectAnswer(Answer):
    """A collection, started or found running."""

    executionId: str
    instanceId: str
    via: str
    why: str | None = None
    idempotent: bool | None = None
    task: Task
    poll_after_seconds: int
    next_step: str


class Automation(Answer):
    """The run that made the bundle."""

    status: str
    failureReason: str | None = None
    steps: list[dict[str, str]]


class BundleOut(Answer):
    """A bundle ready to read."""

    id: str
    collected_at: str | None
    files: int
    bytes: int
    lines: int
    missing: list[str] | None = None
    truncated: str | None = None


class StatusAnswer(Answer):
    """Where a collection stands."""

    executionId: str
    instanceId: str
    automation: Automation
    task: Task
    bundle: BundleOut | None = None
    next_step: str


class FileProblem(Answer):
    """A source that is not whole, and why."""

    source: str
    why: str


class ValidateAnswer(Answer):
    """How complete a bundle is, by source."""

    instanceId: str
    note: str | None = None
    complete: bool
    file_count: int
    total_bytes: int
    captured: str | None
    booted: str | None = None
    layout: str
    present: list[str]
    missing: list[FileProblem]
    empty: list[str]
    unreadable: list[FileProblem]
    truncated: list[FileProblem]
    masked_secrets: int
    notes: list[str] | None = None
    provenance: dict[str, str]


def collect(
    room: Room,
    instanceId: Annotated[str, Field(description="EC2 instance id", examples=["i-0123456789abcdef0"])],
    region: Annotated[str | None, Field(description="AWS region of the node")] = None,
    clusterName: str | None = None,
    via: Annotated[Literal["auto", "ssm", "node", "s3", "archive"], Field(description="archive = a folder of tarballs")] = "auto",
    idempotencyToken: str | None = None,
) -> CollectAnswer:
    """Get the log bundle of an EKS worker node and index it. Returns an executionId for `status`. Asked twice it is one run."""
    if instanceId == EXAMPLE_INSTANCE and not room.app.archives.of(instanceId):
        raise BadInput(f"{EXAMPLE_INSTANCE} is a runbook's example id, not an instance.", f"Instances at hand: {_at_hand(room)}.")
    if via not in ("auto", "archive"):
        raise Unavailable(f"This server has no collector {via!r} configured.", 'Use via="archive" (a folder of log bundles).')
    execution, work, running = room.app.start_archive(instanceId)
    return CollectAnswer(
        executionId=execution,
        instanceId=instanceId,
        via="archive",
        why=_why(via, region or clusterName),
        idempotent=True if running else None,
        task=_task(execution, work),
        poll_after_seconds=0 if work.state == "completed" else 2,
        next_step=f'status(executionId="{execution}")'
        if work.state != "completed"
        else f'errors(instanceId="{instanceId}") or summarize(instanceId="{instanceId}")',
    )


def _why(via: str, place: str | None) -> str | None:
    """Why this collector, and what of the arguments plays no part for it."""
    said = ["the newest bundle of the node in the archives folder"] if via == "auto" else []
    said += ["region and clusterName play no part for a folder of archives"] if place else []
    return "; ".join(said) or None


def _at_hand(room: Room) -> str:
    return ", ".join(room.app.known_instances()[:20]) or "none"


def _task(execution: str, work: Work) -> Task:
    return Task(taskId=execution, state=work.state, message=work.message or None, progress=round(work.progress, 2))


def status(
    room: Room,
    executionId: Annotated[str, Field(description="From collect")],
    waitSeconds: Annotated[int, Field(ge=0, le=45, description="How long to wait for an end")] = 10,
    includeStepDetails: bool = True,
) -> StatusAnswer:
    """How far a collection is. `completed` means its findings can be read. Works after a restart of this server too."""
    instance_id, digest, work = room.app.poll(executionId, waitSeconds, room.checkpoint)
    room.progress(work.progress, 1.0, "indexing the log bundle")
    bundle = room.app.library.by_digest(digest) if work.state == "completed" else None
    words = {"working": "InProgress", "completed": "Success", "failed": "Failed"}
    steps = [{"name": "index", "status": words[work.state]}] if includeStepDetails else []
    out = None
    if bundle is not None:
        missing = [s for s in expected_sources() if bundle.coverage(s).state == "absent"]
        out = bundle_out(bundle, missing)
    following = {
        "working": f'Call status(executionId="{executionId}") again.',
        "completed": f'errors(instanceId="{instance_id}") lists what was found; summarize(instanceId="{instance_id}") gives the root cause.',
        "failed": "Mend what the message says, then collect again.",
    }
    return StatusAnswer(
        executionId=executionId,
        instanceId=instance_id,
        task=_task(executionId, work),
        bundle=out,
        next_step=following[work.state],
        automation=Automation(status=words[work.state], failureReason=work.message or None, steps=steps),
    )


def bundle_out(bundle: "Bundle", missing: list[str] | None = None) -> BundleOut:
    """The outline of a bundle; `missing` are the expected sources that it lacks."""
    manifest = bundle.manifest
    return BundleOut(
        id=bundle.digest[:12],
        collected_at=stamp(bundle.captured),
        files=len(manifest.files),
        bytes=sum(f.size for f in manifest.files),
        lines=sum(f.lines for f in manifest.files),
        missing=missing or None,
        truncated=manifest.truncated or None,
    )


def expected_sources() -> list[str]:
    """The sources that every complete bundle has."""
    from ..bundle.sources import sources

    return [row.name for row in sources().rows if row.always]


def validate(room: Room, instanceId: InstanceArg = None, executionId: str | None = None) -> ValidateAnswer:
    """How complete a node's log bundle is: which sources are present, missing, empty, damaged or cut, and where it came from."""
    from ..bundle.sources import sources

    if executionId and not instanceId:
        instanceId = executionId.split("-", 2)[-1]
    bundle, note = room.bundle(instanceId)
    manifest = bundle.manifest
    covers = {row.name: bundle.coverage(row.name) for row in sources().rows}
    expected = set(expected_sources())
    missing = [FileProblem(source=n, why=c.detail) for n, c in covers.items() if c.state == "absent" and n in expected]
    damaged = [FileProblem(source=n, why=c.detail) for n, c in covers.items() if c.state == "unreadable"]
    cut = [FileProblem(source=n, why=c.detail) for n, c in covers.items() if c.state == "truncated"]
    return ValidateAnswer(
        instanceId=bundle.instance_id,
        note=note,
        complete=not (missing or damaged or cut or manifest.truncated),
        file_count=len(manifest.files),
        total_bytes=sum(f.size for f in manifest.files),
        captured=stamp(bundle.captured),
        booted=stamp(bundle.boot),
        layout=manifest.layout,
        present=[n for n, c in covers.items() if c.state in ("present", "masked")],
        missing=missing,
        empty=[n for n, c in covers.items() if c.state == "empty"],
        unreadable=damaged,
        truncated=cut,
        masked_secrets=sum(f.masked for f in manifest.files),
        notes=[*manifest.notes[:20], *([manifest.truncated] if manifest.truncated else [])] or None,
        provenance=manifest.provenance,
    )
