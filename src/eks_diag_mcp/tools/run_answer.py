"""The answer of run_sop: small enough to be read whole, with nothing of the verdict left out."""

from collections import Counter
from collections.abc import Callable, Sequence, Set
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ..model import Diagnosis
from .shapes import Answer, CauseRow
from .verdicts import Escalation, SummaryAnswer

if TYPE_CHECKING:
    from ..runbooks.calling import Made, Ticked
    from ..runbooks.model import Sop
    from ..runbooks.run import Transcript

_CONCISE_CHARS = 5_900
"""What the concise answer may have; a SOP of more than forty steps may have a hundred more for each."""
_DETAILED_CHARS = 36_000
_STEPS_INCLUDED = 40


class CallRow(Answer):
    """A call as it was made. `answer` is the digest of its whole answer, by which a replay is compared."""

    tool: str
    arguments: dict[str, Any]
    answer: str | None = None
    failed: str | None = None


class StepRow(Answer):
    """A step of the runbook, by its number. `note` is in our words; `text` is the runbook's."""

    n: int
    outcome: str
    note: str = Field(max_length=80)
    finding_ids: list[str] | None = None
    phase: int | None = None
    level: str | None = None
    text: str | None = None
    calls: list[CallRow] | None = None
    facts: list[str] | None = None


class CauseLine(Answer):
    """A cause in a line; the first, supported one with its reasons."""

    id: str
    stand: str
    when: str | None = None
    confidence: str | None = None
    says: str | None = None
    because: list[str] | None = None
    against: list[str] | None = None
    finding_ids: list[str] | None = None
    verify: str | None = None


class RunAnswer(Answer):
    """A runbook's run on one node. `steps_left_out` says how many steps were cut to keep the answer short:
    ask for detailed, or for fewer phases."""

    sop: str
    instanceId: str | None = None
    note: str | None = None
    captured: str | None = None
    dry_run: bool | None = None
    headline: str
    root_cause: str | None = None
    root_causes: list[CauseLine]
    steps: list[StepRow]
    outcomes: dict[str, int]
    steps_left_out: int | None = None
    report_yaml: str
    escalate: list[Escalation]
    open_questions: list[str]


def planned(book: "Sop", instance_id: str | None, steps: "list[Ticked]", *, detailed: bool) -> RunAnswer:
    """The plan of a run that was not made."""
    answer = RunAnswer(
        sop=book.id,
        instanceId=instance_id,
        dry_run=True,
        headline="Nothing was called: this is the plan.",
        root_causes=[],
        report_yaml="",
        steps=[_row(t, detailed=detailed) for t in steps],
        outcomes=_outcomes(steps),
        escalate=[],
        open_questions=[],
    )
    return fitted(answer, _optional(steps), detailed=detailed)


def concluded(
    book: "Sop",
    transcript: "Transcript",
    summary: SummaryAnswer,
    diagnosis: Diagnosis,
    *,
    note: str | None,
    captured: str | None,
    detailed: bool,
    better: Sequence[str] = (),
) -> RunAnswer:
    """The answer of a run: the transcript beside the verdict of summarize. `better` are the runbooks about its root cause."""
    answer = RunAnswer(
        sop=book.id,
        instanceId=summary.instanceId,
        note=note,
        captured=captured,
        headline=_headline(book, transcript, summary, diagnosis, better),
        root_cause=summary.root_cause,
        root_causes=[_cause(row, summary, first=k == 0) for k, row in enumerate(summary.root_causes)],
        steps=[_row(t, detailed=detailed) for t in transcript.steps],
        outcomes=_outcomes(transcript.steps),
        report_yaml=summary.report_yaml,
        escalate=summary.escalate,
        open_questions=_questions(transcript, summary),
    )
    return fitted(answer, _optional(transcript.steps), detailed=detailed)


def _row(ticked: "Ticked", *, detailed: bool) -> StepRow:
    short = StepRow(n=ticked.step.n, outcome=ticked.outcome, note=ticked.note, finding_ids=list(ticked.ids) or None)
    if not detailed:
        return short
    step = ticked.step
    more = {
        "phase": step.phase,
        "level": step.level,
        "text": step.text,
        "calls": [call_row(made) for made in ticked.calls] or None,
        "facts": list(ticked.learned) or None,
    }
    return short.model_copy(update=more)


def call_row(made: "Made") -> CallRow:
    """A call as answers and transcripts write it."""
    arguments = {k: list(v) if isinstance(v, tuple) else v for k, v in made.arguments.items()}
    return CallRow(tool=made.tool, arguments=arguments, answer=made.answer or None, failed=made.says if made.failed else None)


def _optional(steps: "list[Ticked]") -> frozenset[int]:
    return frozenset(t.step.n for t in steps if t.step.level == "MAY")


def _outcomes(steps: "list[Ticked]") -> dict[str, int]:
    return dict(sorted(Counter(t.outcome for t in steps).items()))


def _headline(book: "Sop", transcript: "Transcript", summary: SummaryAnswer, diagnosis: Diagnosis, better: Sequence[str]) -> str:
    """The verdict; before it what the runbook itself says outright, and whether the cause is the runbook's subject at all."""
    from ..runbooks.wording import own_causes

    said = f'The runbook says "{transcript.headline}". Why: ' if transcript.headline else ""
    root = diagnosis.root_cause
    own = own_causes(book)
    if root is None or not own or root.id in own:
        return said + summary.verdict
    other = f" {' or '.join(better)} is the runbook for it." if better else ""
    return f"{said}{summary.verdict} {root.id} is not what {book.short_id} is about.{other}"


def _cause(row: CauseRow, summary: SummaryAnswer, *, first: bool) -> CauseLine:
    """One line; all that speaks for and against the root cause itself."""
    reasons, objections = row.because or [], row.against or []
    if not (first and row.id == summary.root_cause):
        telling = objections if row.stand in ("ruled_out", "not_applicable") else reasons
        return CauseLine(id=row.id, stand=row.stand, when=row.when, says=telling[0].says if telling else None)
    ids = list(dict.fromkeys(i for reason in reasons for i in reason.ids or []))
    return CauseLine(
        id=row.id,
        stand=row.stand,
        when=row.when,
        confidence=row.confidence,
        because=[r.says for r in reasons],
        against=[r.says for r in objections] or None,
        finding_ids=ids[:6] or None,
        verify=summary.mitigation.verify if summary.mitigation else None,
    )


def _questions(transcript: "Transcript", summary: SummaryAnswer) -> list[str]:
    """What the run leaves open: causes that could not be settled, MUST steps for a person, evidence not seen."""
    found = [f"{row.id}: {row.would_settle[0]}" for row in summary.root_causes if row.stand == "unknown" and row.would_settle][:3]
    for outcome, words in (("manual", "for a person"), ("skipped", "not settled"), ("failed", "failed")):
        numbers = [str(t.step.n) for t in transcript.steps if t.outcome == outcome and t.step.level == "MUST"]
        if numbers:
            found.append(f"MUST steps {words}: {', '.join(numbers)}")
    if summary.gaps:
        more = f" and {len(summary.gaps) - 6} more" if len(summary.gaps) > 6 else ""
        found.append(f"not seen: {'; '.join(summary.gaps[:6])}{more}")
    return found


# ---- size ---------------------------------------------------------------------------------------------------------------
def fitted(answer: RunAnswer, optional: frozenset[int], *, detailed: bool) -> RunAnswer:
    """The answer cut to its size, what is least needed first. The root cause and the report always stay; `optional` are
    the numbers of MAY steps."""
    most = _DETAILED_CHARS if detailed else _CONCISE_CHARS + 100 * max(0, len(answer.steps) - _STEPS_INCLUDED)
    for cut in _CUTS:
        if _size(answer) <= most:
            break
        answer = cut(answer, optional)
    return answer


def _size(answer: RunAnswer) -> int:
    return len(answer.model_dump_json(exclude_none=True))


def _fewer_rivals(answer: RunAnswer, _: frozenset[int]) -> RunAnswer:
    return answer.model_copy(update={"root_causes": answer.root_causes[:5]})


def _one_id_a_step(answer: RunAnswer, _: frozenset[int]) -> RunAnswer:
    return _each_step(answer, lambda r: {"finding_ids": r.finding_ids[:1] if r.finding_ids else None})


def _short_reasons(answer: RunAnswer, _: frozenset[int]) -> RunAnswer:
    rows = [
        r.model_copy(update={"because": r.because[:2] if r.because else None, "against": r.against[:1] if r.against else None})
        for r in answer.root_causes[:3]
    ]
    return answer.model_copy(update={"root_causes": rows, "open_questions": [_cut(q, 160) for q in answer.open_questions[:5]]})


def _shorter_notes(answer: RunAnswer, _: frozenset[int]) -> RunAnswer:
    return _each_step(answer, lambda r: {"note": _cut(r.note, 62)})


def _short_notes(answer: RunAnswer, _: frozenset[int]) -> RunAnswer:
    return _each_step(answer, lambda r: {"note": _cut(r.note, 48), "text": _cut(r.text, 200) if r.text else None})


def _unmade_out(answer: RunAnswer, optional: frozenset[int]) -> RunAnswer:
    """MAY steps that were not made."""
    return _without(answer, {r.n for r in answer.steps if r.n in optional and r.outcome in ("manual", "skipped")})


def _optional_out(answer: RunAnswer, optional: frozenset[int]) -> RunAnswer:
    return _without(answer, optional)


def _without(answer: RunAnswer, numbers: Set[int]) -> RunAnswer:
    kept = [r for r in answer.steps if r.n not in numbers]
    left = (answer.steps_left_out or 0) + len(answer.steps) - len(kept)
    return answer.model_copy(update={"steps": kept, "steps_left_out": left or None})


def _telling_only(answer: RunAnswer, _: frozenset[int]) -> RunAnswer:
    """Steps that were contradicted or failed, or that cite evidence."""
    kept = [r for r in answer.steps if r.outcome in ("failed", "unmet") or r.finding_ids][:12]
    shorter = _without(answer, {r.n for r in answer.steps} - {r.n for r in kept})
    few = {"root_causes": answer.root_causes[:1], "open_questions": answer.open_questions[:3], "escalate": answer.escalate[:8]}
    return shorter.model_copy(update=few)


def _each_step(answer: RunAnswer, change: Callable[[StepRow], dict[str, object]]) -> RunAnswer:
    return answer.model_copy(update={"steps": [row.model_copy(update=change(row)) for row in answer.steps]})


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


_CUTS = (_fewer_rivals, _one_id_a_step, _unmade_out, _short_reasons, _shorter_notes, _short_notes, _optional_out, _telling_only)
