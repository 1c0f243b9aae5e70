"""What a person sees of a verdict on a terminal: the cause, why, what to do, what was not seen."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from .tools.shapes import Argument, CauseRow, Line, MitigationOut
    from .tools.verdicts import SummaryAnswer

_SEVERE = {"critical": "bold red", "high": "bold red", "medium": "bold yellow"}
_SAFETY = {"GREEN": "green", "YELLOW": "yellow", "RED": "bold red"}
_MET = {"yes": ("MET", "bold red"), "no": ("not met", "green"), "unknown": ("not known", "yellow")}


def show_verdict(answer: "SummaryAnswer", captured: str | None, console: "Console | None" = None) -> None:
    """The whole answer, top to bottom in the order of what matters. Colours on a terminal only (rich sees to that)."""
    from rich.console import Console
    from rich.text import Text

    out = console or Console(file=sys.stdout, soft_wrap=not sys.stdout.isatty())
    root = next((c for c in answer.root_causes if c.id == answer.root_cause), None)
    style = _SEVERE.get(answer.severity or "", "bold")
    out.print(Text(f"{answer.instanceId}, captured {captured or 'at an unknown time'}", style="bright_black"))
    out.print(Text(answer.verdict, style=style if root else "bold"))
    if root:
        out.print(Text(f"{root.id}, severity {answer.severity}" + (f", since {root.since}" if root.since else "")))
        _arguments(out, "Why", root.because)
        _arguments(out, "Speaks against it", root.against)
    _lines(out, answer.evidence)
    if answer.mitigation:
        _todo(out, answer.mitigation)
    if answer.escalate:
        _head(out, "Escalate when")
        for row in answer.escalate:
            word, colour = _MET.get(row.met, _MET["unknown"])
            _item(out, Text(f"{row.condition}: ") + Text(word, style=colour))
    _rivals(out, [c for c in answer.root_causes if c is not root])
    if answer.gaps:
        _head(out, "Not seen (silence there means nothing)")
        _item(out, Text("; ".join(answer.gaps)))
    out.print()
    out.print(Text(f"The whole of it: eks-diag-mcp report {answer.instanceId} -o report.html", style="bright_black"))


def _head(out: "Console", title: str) -> None:
    from rich.text import Text

    out.print()
    out.print(Text(title, style="bold underline"))


def _item(out: "Console", text: "Text") -> None:
    """A point of a list. On a terminal it is wrapped and indented, with nothing cut; elsewhere a point is a line."""
    from rich.text import Text

    if not out.is_terminal:
        out.print(Text(" - ") + text, soft_wrap=True)
        return
    for place, part in enumerate(text.wrap(out, max(20, out.width - 3), overflow="fold")):
        out.print(Text("   " if place else " - ") + part, no_wrap=True, overflow="ignore", crop=False)


def _arguments(out: "Console", title: str, rows: "list[Argument] | None") -> None:
    from rich.text import Text

    if rows:
        _head(out, title)
        for row in rows:
            ids = f"  [{' '.join(row.ids)}]" if row.ids else ""
            _item(out, Text(row.says) + Text(ids, style="bright_black"))


def _lines(out: "Console", lines: "list[Line]") -> None:
    from rich.text import Text

    if lines:
        _head(out, "The node's own words")
        for line in lines[:3]:
            when = f" {line.time}" if line.time else ""
            _item(out, Text.assemble((f"{line.file}:{line.line}{when}", "cyan"), f"  {line.text}"))


def _todo(out: "Console", fix: "MitigationOut") -> None:
    from rich.text import Text

    _head(out, "What to do")
    rows = (("Now", fix.immediate), ("Later", fix.long_term), ("It worked when", fix.verify), ("Risk", fix.risk))
    for title, text in rows:
        if text:
            _item(out, Text.assemble((f"{title}: ", "bold"), text))
    _item(out, Text.assemble(("Safety: ", "bold"), (fix.safety, _SAFETY.get(fix.safety, ""))))


def _rivals(out: "Console", rows: "list[CauseRow]") -> None:
    from rich.text import Text

    if not rows:
        return
    _head(out, "Other causes weighed")
    for cause in rows:
        says = cause.against or cause.because or []
        why = f": {says[0].says}" if says else ""
        colour = {"ruled_out": "green", "unknown": "yellow", "supported": "red"}.get(cause.stand, "")
        _item(out, Text.assemble((cause.stand.replace("_", " "), colour), f" {cause.title}{why}"))
