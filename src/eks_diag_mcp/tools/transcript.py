"""The transcript of a run: every call with its exact arguments and the digest of its answer, so that someone else can
make the same calls on the same bundle and see whether they get the same answers."""

import hashlib
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from .. import __version__
from ..errors import BadInput, DiagError
from ..quoting import one_line
from .room import Room, stamp
from .run_answer import CallRow, call_row
from .running import Run, answer_digest, bound, functions
from .shapes import Answer

FORMAT: Final = "eks-diag-transcript/1"
_NOT_COMPARED = frozenset({"collect", "status", "validate", "history"})
"""They tell how a library came to its bundle, which differs from one library to the next."""


class StepCalls(Answer):
    """The calls of a step, and what became of it."""

    n: int
    outcome: str
    note: str
    calls: list[CallRow]


class Recorded(Answer):
    """A run as it is written to a file. `bundle` is the digest of the log archive; `sop_digest` that of the runbook's text,
    `signatures` that of the known lines it was judged by: where these differ, so may the answers."""

    format: Literal["eks-diag-transcript/1"] = FORMAT
    version: str
    sop: str
    sop_digest: str
    signatures: str
    instanceId: str
    bundle: str
    captured: str | None
    given: dict[str, str]
    phases: list[int]
    steps: list[StepCalls]
    headline: str
    root_cause: str | None
    report_yaml: str


class ReplayedCall(Answer):
    """A call made again. same: the answer is the recorded one; differs: it is not; not_compared: it tells of the library."""

    n: int
    tool: str
    arguments: dict[str, Any]
    outcome: Literal["same", "differs", "failed", "not_compared"]
    why: str | None = None


class ReplayAnswer(Answer):
    """A transcript replayed. `same`: every compared call gave the recorded answer and the root cause is the recorded one."""

    sop: str
    instanceId: str
    same: bool
    calls: list[ReplayedCall]
    root_cause: str | None
    recorded_root_cause: str | None
    notes: list[str] = Field(default_factory=list)


def recorded(room: Room, made: Run) -> Recorded:
    """The transcript of a run."""
    answer = made.answer(detailed=True)
    steps = [
        StepCalls(n=t.step.n, outcome=t.outcome, note=t.note, calls=[call_row(each) for each in t.calls])
        for t in made.transcript.steps
    ]
    return Recorded(
        version=__version__,
        sop=made.book.id,
        sop_digest=_digest(made.book.text),
        signatures=room.app.catalogue.digest,
        instanceId=made.bundle.instance_id,
        bundle=made.bundle.digest,
        captured=stamp(made.bundle.captured),
        given=dict(made.given),
        phases=list(made.phases),
        steps=steps,
        headline=answer.headline,
        root_cause=answer.root_cause,
        report_yaml=answer.report_yaml,
    )


def replayed(room: Room, text: str) -> ReplayAnswer:
    """The transcript in `text` made again. BadInput where it is none, or where its bundle is not in the library."""
    try:
        old = Recorded.model_validate_json(text)
    except ValidationError as error:
        raise BadInput("That is no transcript of a run.", "Write one with run-sop --transcript FILE.") from error
    bundle, _ = room.bundle(old.instanceId)
    if bundle.digest != old.bundle:
        raise BadInput(
            f"The newest bundle of {old.instanceId} here is {bundle.digest[:12]}, the transcript is of {old.bundle[:12]}.",
            "Ingest the archive that the run was made on, into a library of its own.",
        )
    calls = [_again(room, step.n, call) for step in old.steps for call in step.calls]
    root = room.app.diagnosis(bundle).root_cause
    found = root.id if root else None
    return ReplayAnswer(
        sop=old.sop,
        instanceId=old.instanceId,
        same=found == old.root_cause and all(c.outcome in ("same", "not_compared") for c in calls),
        calls=calls,
        root_cause=found,
        recorded_root_cause=old.root_cause,
        notes=_changed(room, old),
    )


def _again(room: Room, n: int, call: CallRow) -> ReplayedCall:
    """One call made again; one that was refused then is expected to be refused now."""
    base = ReplayedCall(n=n, tool=call.tool, arguments=call.arguments, outcome="not_compared")
    function = functions().get(call.tool)
    if call.tool in _NOT_COMPARED:
        return base
    if function is None:
        return base.model_copy(update={"outcome": "failed", "why": f"{one_line(call.tool, 40)} is none of the tools of a run"})
    try:
        answer = answer_digest(function(room, **bound(function, call.arguments)))
    except DiagError as error:
        same = error.message == call.failed
        return base.model_copy(update={"outcome": "same" if same else "failed", "why": error.message})
    if answer == call.answer:
        return base.model_copy(update={"outcome": "same"})
    return base.model_copy(update={"outcome": "differs", "why": f"answer {answer}, recorded {call.answer or 'a refusal'}"})


def _changed(room: Room, old: Recorded) -> list[str]:
    """What is not as it was when the run was recorded."""
    try:
        book = room.app.sops.find(old.sop)
    except BadInput:
        return [f"{old.sop} is not in this library of runbooks"]
    notes = [f"{book.short_id} has been changed since"] if _digest(book.text) != old.sop_digest else []
    notes += ["the known lines (signatures) have been changed since"] if room.app.catalogue.digest != old.signatures else []
    return notes + (
        [f"recorded with version {one_line(old.version, 20)}, this is {__version__}"] if old.version != __version__ else []
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
