"""The linter's look at calls: tools, arguments, values, patterns, and phrases that nobody prints."""

import difflib
from collections.abc import Iterator

from ..bundle.query import Query
from ..bundle.sources import sources
from ..errors import BadInput, BadPattern
from ..signatures.phrases import phrases
from .calls import Argument, WrittenCall, is_placeholder, written
from .contract import ToolSpec, contract, fold
from .lint import Check, Fault, Page

_FILLED = frozenset({"instanceId", "clusterName", "instanceIds"})
"""What a call may leave out: it is the only one known, or the run's own."""
_SOURCES = frozenset({"logTypes", "source"})


def call_faults(page: Page, check: Check) -> Iterator[Fault]:
    """Everything wrong with the calls in a runbook's body, its examples included."""
    offset = len(page.sop.text) - len(page.sop.body)
    for call in written(page.sop.body):
        spec = contract().tools.get(call.tool)
        line = page.line(offset + call.at)
        if spec is None:
            if call.asked and (call.arguments or contract().nearest(call.tool)):
                near = contract().nearest(call.tool)
                yield page.fault(
                    line, f"there is no tool `{call.tool}`", f"Did you mean `{near}`?" if near else "docs/tools.md lists them."
                )
            continue
        for argument in call.arguments:
            yield from _argument_faults(page, spec, argument, page.line(offset + argument.at), check)
        given = {name for a in call.arguments if (name := contract().parameter(call.tool, a.key))}
        if given and (lacks := sorted({*spec.needs} - given - _FILLED)):
            yield page.fault(
                line, f"{call.tool} needs {', '.join(lacks)}", f"Write {lacks[0]}=`...`, or name {lacks[0]} to have it filled in."
            )
        if call.tool == "run_sop" and call.asked and _in_a_phase(page, call):
            yield page.fault(line, "a run runs no other runbook", "Name the runbook to go on with.", "advice")


def _in_a_phase(page: Page, call: WrittenCall) -> bool:
    start = 0
    for phase in page.sop.phases:
        start = page.sop.body.find(phase.text, start)
        if start <= call.at < start + len(phase.text):
            return True
    return False


def _argument_faults(page: Page, spec: ToolSpec, argument: Argument, line: int, check: Check) -> Iterator[Fault]:
    name = spec.parameter(argument.key)
    if name is None:
        if argument.sure and (says := _no_parameter(spec, argument)):
            yield page.fault(line, says, f"It takes {', '.join(spec.takes)}.")
        return
    value = argument.value
    if value is None or is_placeholder(value):
        return
    if spec.takes[name] == "regex":
        yield from _pattern_faults(page, spec.name, name, value, line)
    elif name in _SOURCES and (says := _source_fault(value)):
        yield page.fault(line, f"{spec.name} {name}: {says}", "docs/tools.md and an error of the tool list the sources.")
    said = check(spec.name, {argument.key: value})
    faults = said if said is not None else [f"{name}: {says}"] if (says := spec.faults(name, value)) else []
    for says in faults:
        yield page.fault(line, f"{spec.name} {says}")


def _no_parameter(spec: ToolSpec, argument: Argument) -> str:
    """What to say of a word that stands like an argument and is none of this tool; "" where it may be a plain word."""
    by_fold = {fold(name): name for name in spec.takes}
    near = difflib.get_close_matches(fold(argument.key), by_fold, n=1, cutoff=0.75)
    hint = f"; did you mean {by_fold[near[0]]}?" if near else ""
    if argument.value is not None or near or contract().parameter(spec.name, argument.key):
        return f"{spec.name} takes no {argument.key}{hint}"
    return ""


def _pattern_faults(page: Page, tool: str, name: str, value: str, line: int) -> Iterator[Fault]:
    try:
        Query(value)
    except BadPattern as error:
        yield page.fault(line, f"{tool} {name}: {error.message}", error.next_step)
        return
    for row in phrases().matching(value):
        if not page.explained(row.phrase):
            instead = [f"Printed instead: {row.now}."] if row.now else []
            instead += [f"Ask {row.tool}."] if row.tool else []
            yield page.fault(line, f'{tool} {name} holds "{row.phrase}": {row.why}', " ".join(instead) or "Take it out.")


def _source_fault(value: str) -> str:
    """What is wrong with names of sources; "" where all are known."""
    try:
        sources().expand([part.strip() for part in value.strip("[]").split(",")])
    except BadInput as error:
        return error.message
    return ""
