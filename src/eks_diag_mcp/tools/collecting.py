"""collect, status, validate: get a bundle, wait for it, and see how complete it is."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ..errors import BadInput, Unavailable
from ..naming import EXAMPLE_INSTANCE
from .room import Room, stamp
from .shapes import Answer

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..intake import Standing

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
    region: str | None = None
    via: str
    why: str | None = None
    notes: list[str] | None = None
    idempotent: bool | None = None
    task: Task
    poll_after_seconds: int
    next_step: str


class StepOut(Answer):
    """One step of the run that makes the bundle. `text` quotes the service or the node."""

    name: str
    status: str
    text: str | None = None


class Automation(Answer):
    """The run that makes the bundle. `failureReason` is our reading, `text` the service's own words, quoted."""

    status: str
    failureReason: str | None = None
    text: str | None = None
    steps: list[StepOut]


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
    via: Annotated[
        Literal["auto", "ssm", "node", "s3", "archive"],
        Field(
            description="ssm = SSM Automation, node = node monitoring agent, s3 = the log bucket, archive = a folder of tarballs"
        ),
    ] = "auto",
    idempotencyToken: str | None = None,
) -> CollectAnswer:
    """Get the log bundle of an EKS worker node and index it. Returns an executionId for `status`. Asked twice it is one run."""
    from ..collect.model import Ask
    from ..desk import ASKING

    if instanceId == EXAMPLE_INSTANCE and not room.app.archives.of(instanceId):
        raise BadInput(f"{EXAMPLE_INSTANCE} is a runbook's example id, not an instance.", f"Instances at hand: {_at_hand(room)}.")
    ask = Ask(instanceId, region, clusterName, idempotencyToken)
    chosen, why, ask = room.app.desk.choose(ask, via)
    if chosen in ASKING:
        confirm(room, f"Ask node {instanceId} for its logs ({chosen})? The log collector runs on it for some minutes.")
    return collected(room.app.intake.start(chosen, ask), _why(why, chosen, region or clusterName))


def collected(found: "Standing", why: str | None = None) -> CollectAnswer:
    """The answer of collect for a collection as it stands."""
    told = found.collection
    return CollectAnswer(
        executionId=told.execution_id,
        instanceId=told.instance_id,
        region=told.region,
        via=told.via,
        why=why,
        notes=list(told.notes) or None,
        idempotent=True if told.found_running else None,
        task=_task(found),
        poll_after_seconds=0 if found.state == "completed" else told.poll_after_s,
        next_step=_following(found),
    )


def confirm(room: Room, question: str) -> None:
    """Ask the person behind the client, where this server is set up to."""
    if room.app.settings.collecting != "confirm":
        return
    agreed = room.confirm(question)
    if agreed is None:
        raise Unavailable(
            "This server asks a person before it makes a node work, and this client cannot ask.",
            "Use a client with elicitation, or start the server with EKS_DIAG_COLLECT=allow.",
        )
    if not agreed:
        raise BadInput("The collection was declined.", "Nothing was asked of the node.")


def _why(why: str | None, via: str, place: str | None) -> str | None:
    """Why this collector, and what of the arguments plays no part for it."""
    said = [why] if why else []
    said += ["region and clusterName play no part for a folder of archives"] if place and via == "archive" else []
    return "; ".join(said) or None


def _at_hand(room: Room) -> str:
    return ", ".join(room.app.known_instances()[:20]) or "none"


def _task(found: "Standing") -> Task:
    return Task(
        taskId=found.collection.execution_id,
        state=found.state,
        message=found.message or None,
        progress=round(found.progress, 2),
    )


def _following(found: "Standing") -> str:
    told = found.collection
    if found.state == "completed":
        name = told.instance_id
        return f'errors(instanceId="{name}") lists what was found; summarize(instanceId="{name}") gives the root cause.'
    if found.state == "working":
        return f'status(executionId="{told.execution_id}")'
    return "Mend what the message says, then collect again."


def status(
    room: Room,
    executionId: Annotated[str, Field(description="From collect")],
    waitSeconds: Annotated[int, Field(ge=0, le=45, description="How long to wait for an end")] = 3,  # some clients give up at 5 s
    includeStepDetails: bool = True,
) -> StatusAnswer:
    """How far a collection is. `completed` means its findings can be read. Works after a restart of this server too."""
    found = room.app.intake.follow(room.app.desk.full_id(executionId), waitSeconds, room.checkpoint)
    room.progress(found.progress, 1.0, "collecting the log bundle")
    bundle = room.app.library.by_digest(found.digest) if found.digest else None
    out = None
    if bundle is not None:
        missing = [s for s in expected_sources() if bundle.coverage(s).state == "absent"]
        out = bundle_out(bundle, missing)
    return StatusAnswer(
        executionId=found.collection.execution_id,
        instanceId=found.collection.instance_id,
        task=_task(found),
        bundle=out,
        next_step=_following(found),
        automation=_automation(found, details=includeStepDetails),
    )


def _automation(found: "Standing", *, details: bool) -> Automation:
    """The service's part and ours (the index) as one run; it has succeeded when findings can be read."""
    told = found.collection
    words = {"working": "InProgress", "completed": "Success", "failed": "Failed", "cancelled": "Cancelled"}
    indexing = told.state == "ready"
    steps = [StepOut(name=s.name, status=s.status, text=s.text or None) for s in told.steps]
    if indexing:
        steps.append(StepOut(name="index", status=words[found.state]))
    return Automation(
        status=words[found.state] if indexing else told.status,
        failureReason=found.message or None if found.state in ("failed", "cancelled") else None,
        text=told.text or None,
        steps=steps if details else [],
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
        instanceId = room.app.intake.follow(room.app.desk.full_id(executionId), 0, room.checkpoint).collection.instance_id
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
