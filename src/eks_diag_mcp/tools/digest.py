"""What a tool's answer says in a line, for the steps of a runbook: note, ids to cite, and facts for later steps."""

import re
from collections.abc import Iterable

from pydantic import BaseModel

from ..quoting import one_line
from ..runbooks.calling import Seen
from .collecting import StatusAnswer, ValidateAnswer
from .comparing import CompareAnswer
from .correlating import CorrelateAnswer
from .finding import ErrorsAnswer
from .network import DiagnosticsAnswer
from .outside_digest import digest_outside
from .pod_names import pods_in
from .searching import SearchAnswer
from .shapes import FindingRow
from .verdicts import SummaryAnswer, TriageAnswer


def digest(answer: BaseModel) -> Seen:  # noqa: PLR0911 - one line a tool
    """The answer of any tool in a line."""
    match answer:
        case StatusAnswer():
            return _status(answer)
        case ErrorsAnswer():
            return _errors(answer)
        case SearchAnswer():
            return _search(answer)
        case DiagnosticsAnswer():
            return _diagnostics(answer)
        case CorrelateAnswer():
            first = f"; first cause {answer.first_cause}" if answer.first_cause else "; none says a cause"
            return Seen(f"{answer.total} events{first}" if answer.total else answer.pivots[0].why)
        case SummaryAnswer():
            said = f"{answer.root_cause}, confidence {answer.confidence}" if answer.root_cause else "undetermined"
            missing = answer.unresolved_finding_ids
            return Seen(said + (f"; {len(missing)} ids do not resolve" if missing else ""))
        case TriageAnswer():
            return Seen(f"root cause {answer.root_cause or 'undetermined'}; {_counts(answer.summary)}", _causes(answer.findings))
        case ValidateAnswer():
            return Seen("complete" if answer.complete else f"incomplete: {len(answer.missing)} sources missing")
        case CompareAnswer():
            return Seen(one_line(answer.insight, 200))
        case _:
            return digest_outside(answer) or _plain(answer)


def _plain(answer: BaseModel) -> Seen:
    """Any other answer: how many of what it lists, and what it says it lacks."""
    fields = {name: getattr(answer, name) for name in type(answer).model_fields}
    gaps = fields.pop("gaps", None)
    counts = [
        f"{len(value)} {name.replace('_', ' ')}" for name, value in fields.items() if isinstance(value, list | dict) and value
    ]
    lacks = [f"{len(gaps)} gaps"] if gaps else []
    ids = re.findall(r'"(A-[0-9a-f]{8})"', answer.model_dump_json())
    return Seen(", ".join(counts[:3] + lacks) or "answered, nothing to list", tuple(dict.fromkeys(ids))[:3])


def _status(answer: StatusAnswer) -> Seen:
    if answer.bundle is None:
        return Seen(f"{answer.task.state}: {answer.task.message or 'no bundle yet'}")
    lacks = f"; {len(answer.bundle.missing)} sources missing" if answer.bundle.missing else ""
    return Seen(f"{answer.bundle.files} files, {answer.bundle.lines} lines, captured {answer.bundle.collected_at}{lacks}")


def _errors(answer: ErrorsAnswer) -> Seen:
    facts: dict[str, str | tuple[str, ...]] = {}
    for row in answer.findings:
        found = [pod for e in row.evidence for pod in pods_in(e.text)] if row.role != "context" else []
        if found:
            facts = {"namespace": found[0][0], "podName": found[0][1]}
            break
    facts["finding_ids"] = tuple(r.finding_id for r in answer.findings if r.role == "cause" and not r.healed_at)[:6]
    return Seen(f"{answer.total} findings: {_counts(answer.summary)}", _causes(answer.findings), facts)


def _search(answer: SearchAnswer) -> Seen:
    """Whether lines match, and whether those shown are known causes: a match alone proves nothing."""
    roles: dict[str, list[str]] = {}
    for file in answer.results:
        for row in file.matches:
            roles.setdefault(row.role or "unclassified", []).append(file.finding_id)
    hinted = tuple(dict.fromkeys(i for hint in answer.hints for i in re.findall(r"\bF-[0-9a-f]{8}\b", hint)))
    cited = tuple(dict.fromkeys([*hinted, *roles.get("cause", [])]))
    stopped = "" if answer.complete else "; not all was searched"
    if not answer.total_matches:
        hint = "; its current wording was found" if hinted else ""
        return Seen(f"no line in {answer.files_searched} files{hint}{stopped}", cited)
    many = f"{answer.total_matches} line{'s' if answer.total_matches > 1 else ''} in {answer.files_with_matches} file{'s' if answer.files_with_matches > 1 else ''}"
    kind = "known causes among them" if "cause" in roles else "echoes of another fault" if "echo" in roles else "none a known fault"
    return Seen(f"{many}: {kind}{stopped}", cited)


def _diagnostics(answer: DiagnosticsAnswer) -> Seen:
    grave = [i for s in answer.sections.values() for i in s.issues if i.severity in ("critical", "high")]
    first = f": {grave[0].title}" if grave else ""
    return Seen(f"{answer.overallAssessment}{first}", tuple(i.id for i in grave))


def _causes(rows: Iterable[FindingRow]) -> tuple[str, ...]:
    return tuple(row.finding_id for row in rows if row.role == "cause" and not row.healed_at)


def _counts(summary: dict[str, int]) -> str:
    named = [f"{count} {level}" for level, count in summary.items() if count and level in ("critical", "high", "medium")]
    return ", ".join(named) or "none critical, high or medium"
