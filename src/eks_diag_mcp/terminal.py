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
    from .tools.runbooks import SopsAnswer
    from .tools.transcript import ReplayAnswer

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


def show_sops(answer: "SopsAnswer", console: "Console | None" = None) -> None:
    """The runbooks with why they fit, and the files that could not be used."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = console or Console(file=sys.stdout)
    matched = any(row.match for row in answer.sops)
    table = Table("id", "runbook", "score" if matched else "severity", "why" if matched else "origin", box=None, pad_edge=False)
    for row in answer.sops:
        score, why = (f"{row.match.score:.2f}", row.match.why) if row.match else (row.severity, row.origin)
        table.add_row(Text(row.short_id), Text(row.title), Text(score), Text(why))
    out.print(table if answer.sops else Text("No runbook fits. Without words, eks-diag-mcp sops lists all of them."))
    for fault in answer.faults or ():
        out.print(Text(f"not used: {fault}"))


def show_replay(answer: "ReplayAnswer", console: "Console | None" = None) -> None:
    """Each call with whether it gave the recorded answer, and whether the root cause is the recorded one."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = console or Console(file=sys.stdout)
    table = Table("step", "call", "answer", "why", box=None, pad_edge=False)
    for row in answer.calls:
        style = {"same": "green", "differs": "red", "failed": "red"}.get(row.outcome, "")
        table.add_row(str(row.n), Text(row.tool), Text(row.outcome, style=style), Text(row.why or ""))
    out.print(table)
    for note in answer.notes:
        out.print(Text(f"note: {note}"))
    if answer.root_cause == answer.recorded_root_cause:
        out.print(Text(f"root cause: {answer.root_cause or 'undetermined'}, as recorded"))
    else:
        out.print(
            Text(f"root cause: {answer.root_cause or 'undetermined'}, recorded {answer.recorded_root_cause or 'undetermined'}")
        )


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
