"""Diagnose: findings and sections go on the board, judges with arithmetic amend it, verdicts are read off."""

from collections.abc import Callable
from dataclasses import replace

from ..model import Diagnosis, Verdict
from .advice import values_of
from .board import Board, Case
from .causes import Causes, causes
from .growth import judge_growth
from .ip_allocation import judge_ip_allocation
from .loops import judge_loops
from .storage import judge_attachments
from .verdicts import read_off
from .versions import versions_of

JUDGES: tuple[Callable[[Case, Board], None], ...] = (judge_ip_allocation, judge_attachments, judge_loops, judge_growth)
"""Where arithmetic or order decides. Each amends the board; the order does not matter."""


def diagnose(case: Case, table: Causes | None = None) -> Diagnosis:
    """The verdicts about a case, best first."""
    board = Board(table or causes())
    for finding in case.findings:
        board.enter_finding(finding, case.bundle.captured)
    for section in case.sections.values():
        for issue in section.issues:
            board.enter_issue(issue)
    for judge in JUDGES:
        judge(case, board)
    found = read_off(board, values_of(case), _gaps(case))
    return replace(found, verdicts=tuple(_with_versions(v, case, board) for v in found.verdicts))


def _with_versions(verdict: Verdict, case: Case, board: Board) -> Verdict:
    """What the node runs beside a cause that is often a regression, and that may be it."""
    wanted = board[verdict.id].cause.versions
    if not wanted or verdict.stand not in ("supported", "unknown"):
        return verdict
    return replace(verdict, versions=versions_of(case.sections, verdict.id, wanted))


def _gaps(case: Case) -> tuple[str, ...]:
    """What could not be seen and might matter."""
    found: dict[str, str] = {}
    for section in case.sections.values():
        for coverage in section.coverage:
            if not coverage.readable:
                found.setdefault(coverage.source, f"{coverage.source}: {coverage.state}")
    if case.bundle.manifest.truncated:
        found["archive"] = case.bundle.manifest.truncated
    return tuple(found.values())
