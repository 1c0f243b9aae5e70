"""What people see on a terminal: a runbook's run as a table and its report."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from .collect.checkup import Check
    from .tools.run_answer import RunAnswer

_COLOURS = {"done": "green", "failed": "red", "unmet": "yellow", "skipped": "bright_black", "manual": "cyan"}


def show_run(answer: "RunAnswer", console: "Console | None" = None) -> None:
    """The headline, the steps, the escalation conditions, what is open, and the report as YAML."""
    from rich.console import Console
    from rich.syntax import Syntax
    from rich.text import Text

    out = console or Console(file=sys.stdout)
    where = f"{answer.instanceId or 'no node'}, captured {answer.captured}" if answer.captured else (answer.instanceId or "")
    out.print(Text(f"{answer.sop}  {where}".rstrip(), style="bold"))
    if answer.note:
        out.print(Text(answer.note))
    out.print(_steps(answer))
    out.print(Text(answer.headline, style="bold"))
    for escalation in answer.escalate:
        out.print(Text(f"escalate {escalation.met}: {escalation.condition}"))
    for question in answer.open_questions:
        out.print(Text(f"open: {question}"))
    if answer.report_yaml:
        out.print()
        out.print(Syntax(answer.report_yaml, "yaml", word_wrap=True) if out.is_terminal else Text(answer.report_yaml))


def _steps(answer: "RunAnswer") -> "Table":
    """One row a step. Plain text only: what a node or a runbook wrote is never read as markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table("step", "outcome", "note", "evidence", box=None, pad_edge=False)
    for row in answer.steps:
        asked = f"{row.level or ''} {row.n}".strip()
        ids = " ".join(row.finding_ids or ())
        table.add_row(Text(asked), Text(row.outcome, style=_COLOURS.get(row.outcome, "")), Text(row.note), Text(ids))
    return table


_MARKS = {"ok": ("ok", "green"), "fault": ("FAULT", "bold red"), "skipped": ("-", "bright_black")}


def show_checks(checks: "Iterable[Check]", *, as_json: bool = False, console: "Console | None" = None) -> int:
    """A line a check as it is made, with its fix below it; returns how many found a fault."""
    from rich.console import Console
    from rich.text import Text

    out = console or Console(file=sys.stdout, soft_wrap=True)
    faults, made = 0, []
    for check in checks:
        faults += check.result == "fault"
        made.append(asdict(check))
        if as_json:
            continue
        mark, style = _MARKS[check.result]
        out.print(Text(f"{mark:6}", style=style) + Text(f"{check.name:16}") + Text(check.says))
        if check.fix:
            out.print(Text(f"{'':6}{'':16}-> {check.fix}", style="yellow" if check.result == "fault" else "bright_black"))
    if as_json:
        out.print_json(json.dumps({"checks": made, "faults": faults}))
    return faults
