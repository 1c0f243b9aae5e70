"""The linter's look at the parts of a runbook: phases with their levels, guardrails, issues, examples, output format."""

import re
from collections.abc import Iterator

from ..errors import CatalogueError
from ..rows import read_yaml
from .calls import written
from .conditions import condition_of
from .lint import Fault, Page
from .output import OPEN, block, template, vocabulary
from .steps import LEVEL, steps_of
from .wording import meant

_PHASES = {1: "Triage", 2: "Enrich", 3: "Report"}
_PARTS = ("Guardrails", "Common Issues", "Examples", "Output Format")
_HEADED = re.compile(r"^\W*(?P<word>[A-Za-z]{2,10})(?:\s+NOT)?\W*:\W*$")
_BULLET = re.compile(r"^(?:[-*+]|\d{1,3}[.)])[ \t]+\S")
_RATING = re.compile(r"\b(?:GREEN|YELLOW|RED)\b")
_LIST = re.compile(r"^[ \t]*-[ \t]+\S", re.MULTILINE)
_ISSUE = re.compile(r"^-[ \t]+symptoms:", re.MULTILINE)
_ELSEWHERE = re.compile(
    r"\bno (?:fault|finding|problem|trouble)\b|\bundetermined\b|\bnot (?:a|this|the)\b|\b(?:go on with|run|see) [A-Z]\d",
    re.IGNORECASE,
)
"""Rules that clear something, leave it open or hand it on: no cause of their own decides them."""
_REPORT = ("root_cause", "evidence", "severity", "mitigation")


def part_faults(page: Page) -> Iterator[Fault]:
    """Everything wrong with how the body is built."""
    yield from _fences(page)
    yield from _phases(page)
    for title in _PARTS:
        if title not in page.sop.parts:
            yield page.fault(page.line(len(page.sop.text)), f"there is no part '## {title}'", f"Add '## {title}'.")
    yield from _guardrails(page)
    yield from _issues(page)
    yield from _examples(page)
    yield from _output(page)
    yield from _unread(page)


def _fences(page: Page) -> Iterator[Fault]:
    opened = 0
    for number, line in enumerate(page.sop.text.splitlines(), 1):
        if re.match(r"^\s*(?:`{3,}|~{3,})", line):
            opened = 0 if opened else number
    if opened:
        yield page.fault(opened, "the code fence is not closed", "End it with ```.")


def _phases(page: Page) -> Iterator[Fault]:
    numbers = [phase.number for phase in page.sop.phases]
    for number, title in _PHASES.items():
        if number not in numbers:
            yield page.fault(
                page.line(len(page.sop.text)), f"there is no '## Phase {number} — {title}'", "A runbook has three phases."
            )
    if numbers != sorted(set(numbers)):
        yield page.fault(
            page.find("## Phase"), f"the phases stand in the order {', '.join(map(str, numbers))}", "Number them 1, 2, 3."
        )
    for phase in page.sop.phases:
        if phase.number not in _PHASES:
            yield page.fault(page.find(phase.text), f"phase {phase.number} is one too many", "A runbook has three phases.")
        yield from _levels(page, page.find(phase.text), phase.number, phase.text)


def _levels(page: Page, first: int, number: int, text: str) -> Iterator[Fault]:
    """Levels that are none, bullets that stand under no level, and a phase without anything that must be done."""
    level, musts, fenced = "", 0, False
    for line_no, line in enumerate(text.splitlines()[1:], first + 1):
        fence = line.lstrip().startswith(("```", "~~~"))
        fenced ^= fence
        if fenced or fence:
            continue
        if named := LEVEL.match(line):
            level = named["level"]
        elif (headed := _HEADED.match(line)) and not _BULLET.match(line):
            yield page.fault(line_no, f"{headed['word']!r} is no level", "Levels are MUST:, SHOULD: and MAY:, in capitals.")
            level = "?"
        elif _BULLET.match(line):
            musts += level == "MUST"
            if not level:
                yield page.fault(
                    line_no, "the bullet stands under no level, so no run reads it", "Put MUST:, SHOULD: or MAY: above it."
                )
    if not musts:
        yield page.fault(first, f"phase {number} has nothing under MUST", "Say what must be done.")


def _guardrails(page: Page) -> Iterator[Fault]:
    text = page.sop.parts.get("Guardrails")
    if text is None:
        return
    first = page.find(text)
    for key in ("escalation_conditions", "safety_ratings"):
        found = re.search(rf"^{key}:[ \t]*\r?\n(?P<items>(?:[ \t]+-[^\n]*\r?\n?|[ \t]*\r?\n(?=[ \t]+-))*)", text, re.MULTILINE)
        items = _LIST.findall(found["items"]) if found else []
        if not items:
            yield page.fault(first, f"the Guardrails have no {key}", f"Add '{key}:' with a list.")
        elif key == "safety_ratings" and found:
            for match in re.finditer(r"^[ \t]*-[^\n]*", found["items"], re.MULTILINE):
                if not _RATING.search(match.group()):
                    at = first + text.count("\n", 0, found.start("items") + match.start())
                    yield page.fault(at, "a safety rating without GREEN, YELLOW or RED", "Say which it is.")


def _issues(page: Page) -> Iterator[Fault]:
    text = page.sop.parts.get("Common Issues")
    if text is None:
        return
    first, starts = page.find(text), [m.start() for m in _ISSUE.finditer(text)]
    if not starts:
        yield page.fault(first, "the Common Issues hold no `- symptoms:`", "Write symptoms, diagnosis and resolution of each.")
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        for key in ("diagnosis", "resolution"):
            if not re.search(rf"^[ \t]+{key}:[ \t]*\S", text[start:end], re.MULTILINE):
                yield page.fault(first + text.count("\n", 0, start), f"an issue without {key}", f"Add '  {key}: \"...\"'.")


def _examples(page: Page) -> Iterator[Fault]:
    text = page.sop.parts.get("Examples")
    if text is not None and not any(call.asked for call in written(text)):
        yield page.fault(page.find(text), "the Examples hold no call", 'Write calls as errors(instanceId="i-0abc123def456").')


def _output(page: Page) -> Iterator[Fault]:
    text = page.sop.parts.get("Output Format")
    if text is None:
        return
    first, body = page.find(text), block(page.sop)
    if not body.strip():
        yield page.fault(first, "the Output Format holds no YAML block", "Write it between ```yaml and ```.")
        return
    start = page.find(body, page.sop.text.find(text))
    try:
        read_yaml(body, "output")
    except CatalogueError as error:
        row = re.match(r"output:(\d+): (?P<says>.*)", error.message, re.DOTALL)
        at = start + int(row[1]) - 1 if row else start
        yield page.fault(
            at, f"the Output Format is no YAML: {row['says'] if row else error.message}", "Quote values that hold a colon."
        )
        return
    for key in _REPORT:
        if key not in template(page.sop):
            yield page.fault(start, f"the Output Format has no {key}", f"Add '{key}:'.")
    for word in vocabulary(page.sop, "root_cause"):
        if word not in (OPEN, "detail", "other") and not meant(page.sop, word):
            fix = "Use a cause id, or say under `root_causes` in the front matter which causes it stands for."
            yield page.fault(
                page.find(word, page.sop.text.find(body)),
                f"the word {word!r} stands for no cause, so no report can say it",
                fix,
                "advice",
            )


def _unread(page: Page) -> Iterator[Fault]:
    """Rules of thumb that a run cannot judge."""
    for step in steps_of(page.sop):
        if (
            step.kind == "rule"
            and step.rule is None
            and not _ELSEWHERE.search(step.text)
            and condition_of(step.text, page.sop) is None
        ):
            fix = "Name its cause (root cause `id`) or quote the line that tells."
            yield page.fault(
                page.find(step.text.split("\n")[0]), "no run can judge this rule: it names no known cause or line", fix, "advice"
            )
