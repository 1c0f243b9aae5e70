"""Findings told in few words: one row a signature, long quotes only of what can be a cause."""

from collections.abc import Sequence
from datetime import timedelta

from ..model import Finding
from .room import stamp
from .shapes import FindingRow, finding_row

_QUOTED = {"critical": 230, "high": 230, "medium": 180}
"""Characters of a quote that can say what is wrong, by severity."""
_ECHO, _BRIEF = 150, 110
"""Of one whose title says it all: an echo; context, something healed, something low."""
_APART = timedelta(minutes=1)


def concise(findings: Sequence[Finding], most_chars: int) -> tuple[list[FindingRow], int]:
    """Rows of at most `most_chars` together, at least one, and how many findings they tell of. The same fault in
    another source's log is named in the row of the first, by id, source and count."""
    rows: dict[tuple[str, bool], FindingRow] = {}
    firsts: dict[tuple[str, bool], Finding] = {}
    used = told = 0
    for finding in findings:
        key = finding.signature, finding.healed_at is not None
        if key in rows:
            also = {**(rows[key].also or {}), finding.id: _elsewhere(finding, firsts[key])}
            used += len(finding.id) + len(also[finding.id]) + 6
            row = rows[key].model_copy(update={"also": also})
        else:
            row = _brief(finding)
            used += len(row.model_dump_json(exclude_none=True))
        if rows and used > most_chars:
            break
        rows[key] = row
        firsts.setdefault(key, finding)
        told += 1
    return list(rows.values()), told


def _brief(finding: Finding) -> FindingRow:
    """A finding with its newest line, without a time that it says twice."""
    row = finding_row(finding, 1, _limit(finding), from_message=True)
    lines = [line.model_copy(update={"time": None}) if line.time == row.last_seen else line for line in row.evidence]
    return row.model_copy(update={"evidence": lines, "first_seen": row.first_seen if row.count > 1 else None})


def _limit(finding: Finding) -> int:
    if finding.role == "context" or finding.healed_at is not None:
        return _BRIEF
    limit = _QUOTED.get(finding.severity, _BRIEF)
    return min(limit, _ECHO) if finding.role == "echo" else limit


def _elsewhere(finding: Finding, first: Finding) -> str:
    """Source and count, and the last time where that is another one than the first finding's."""
    told = f"{finding.source}, {finding.count}x"
    if finding.last_seen and first.last_seen and abs(finding.last_seen - first.last_seen) > _APART:
        told += f", last {stamp(finding.last_seen)}"
    return told
