"""Fleet answers on a terminal. Plain text only: what a node wrote is never read as markup."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from .tools.comparing import CompareAnswer
    from .tools.fleet_findings import FleetFindingsAnswer
    from .tools.fleet_search import FleetSearchAnswer
    from .tools.fleet_shapes import Unanswered

_WIDTH = 160
"""Of a table that no terminal shows."""


def show_findings(answer: "FleetFindingsAnswer", console: "Console | None" = None) -> None:
    """A row a finding, or a row a node where one was asked for."""
    if answer.sights is None:
        rows = [(r.nodes, r.severity, r.signature, r.first.time or "", r.first.instanceId) for r in answer.findings]
        out = _table(console, ("nodes", "severity", "finding", "first seen", "first on"), rows)
    else:
        sights = [
            (s.instanceId, s.severity, str(s.count), s.first_seen or "", s.last_seen or "", s.finding_id) for s in answer.sights
        ]
        out = _table(console, ("node", "severity", "lines", "first seen", "last seen", "id"), sights)
        for quote in (q for row in answer.findings for q in row.first.evidence):
            _say(out, f"{quote.file}:{quote.line}  {quote.text}")
    _say(out, answer.note)
    if answer.shown < answer.total:
        _say(out, f"{answer.shown} of {answer.total} shown; --json with a filter, or the tool, gives the rest")
    _rest(out, answer.unanswered)
    if answer.outdated:
        _say(out, f"scanned with other signatures: {', '.join(answer.outdated)}; `fleet compact` scans them again")


def show_search(answer: "FleetSearchAnswer", console: "Console | None" = None) -> None:
    """A row a node with its first line."""
    rows = [(r.instanceId, str(r.match_count), r.first or "", r.files[0].file if r.files else "") for r in answer.results]
    out = _table(console, ("node", "lines", "first", "where"), rows)
    for row in answer.results[:5]:
        for hit in row.files[:1]:
            _say(out, f"{row.instanceId} {hit.file}:{hit.line}  {hit.text}")
    whole = "" if answer.complete else "at least "
    _say(
        out,
        f"{whole}{answer.total_matches} lines on {whole}{answer.nodes_with_matches} nodes; {answer.bundles_searched} of {answer.bundles} bundles searched",
    )
    _rest(out, answer.unanswered)


def show_comparison(answer: "CompareAnswer", console: "Console | None" = None) -> None:
    """A row a difference."""
    rows = [
        (f"{d.separation:.2f}", d.kind, d.name, d.nodes or ", ".join(sorted({str(v) for v in d.values.values()}))[:60])
        for d in answer.differences
    ]
    out = _table(console, ("separates", "kind", "difference", "nodes or values"), rows)
    for note in (answer.insight, *(answer.notes or ())):
        _say(out, note)
    _rest(out, answer.unanswered or ())


def _table(console: "Console | None", names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> "Console":
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = console or Console(file=sys.stdout, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDTH)
    table = Table(*names, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    out.print(table)
    return out


def _say(out: "Console", text: str) -> None:
    from rich.text import Text

    out.print(Text(text))


def _rest(out: "Console", unanswered: "Iterable[Unanswered]") -> None:
    for row in unanswered:
        more = f" and {row.nodes - len(row.instances)} more" if row.nodes > len(row.instances) else ""
        _say(out, f"not answered: {row.why}: {', '.join(row.instances)}{more}")
