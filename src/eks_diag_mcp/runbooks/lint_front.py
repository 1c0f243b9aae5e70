"""The linter's look at front matter: keys, values, triggers, declarations."""

import difflib
import re
from collections.abc import Iterator

import yaml

from ..rows import CLoader
from ..signatures.phrases import phrases
from .known import known_word
from .lint import Fault, Page
from .output import vocabulary
from .tie import tied
from .wording import unknown_causes

_NEEDED = ("title", "description", "status", "severity", "triggers", "owner", "objective", "context")
_MAY = ("root_causes", "explained", "related")
_STATUS = ("active", "draft", "deprecated")
_SEVERITY = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
_NAME = re.compile(r"(?:.*/)?[A-Z]{1,3}\d{1,3}[a-z]?-[a-z0-9]+(?:-[a-z0-9]+)*\.md")
_MAX_DESCRIPTION = 900  # a skill's description holds it and the triggers, in 1024 characters


def front_faults(page: Page) -> Iterator[Fault]:
    """Everything wrong between the two '---' lines, and with the file's name."""
    sop, lines = page.sop, _lines(page.sop.text)
    if not _NAME.fullmatch(sop.path):
        yield page.fault(1, f"the file name {sop.path!r} is no id", "Name it like D8-kube-proxy-service-connectivity.md.")
    for key in _NEEDED:
        if key not in lines:
            yield page.fault(1, f"the front matter has no `{key}`", f"Add `{key}:`.")
        elif not getattr(sop, key):
            yield page.fault(lines[key], f"`{key}` is empty", "Write it.")
    for key in lines.keys() - {*_NEEDED, *_MAY}:
        near = difflib.get_close_matches(key, [*_NEEDED, *_MAY], n=1, cutoff=0.6)
        yield page.fault(lines[key], f"unknown key `{key}`", f"Did you mean `{near[0]}`?" if near else "Take it out.")
    yield from _values(page, lines)
    yield from _triggers(page, lines.get("triggers", 1))
    yield from _declared(page, lines)


def _values(page: Page, lines: dict[str, int]) -> Iterator[Fault]:
    sop = page.sop
    if "status" in lines and sop.status not in _STATUS:
        yield page.fault(lines["status"], f"status {sop.status!r} is none of {', '.join(_STATUS)}")
    if "severity" in lines and sop.severity and sop.severity not in _SEVERITY:
        yield page.fault(lines["severity"], f"severity {sop.severity!r} is none of {', '.join(_SEVERITY)}")
    if "title" in lines and not sop.title.startswith(sop.short_id):
        yield page.fault(lines["title"], f"the title does not begin with {sop.short_id}", f'Write "{sop.short_id} — ...".')
    if len(sop.description) > _MAX_DESCRIPTION:
        yield page.fault(
            lines["description"], f"the description has {len(sop.description)} characters", f"At most {_MAX_DESCRIPTION}."
        )


def _triggers(page: Page, first: int) -> Iterator[Fault]:
    seen: set[str] = set()
    for trigger in page.sop.triggers:
        at = _line_of(page, trigger, first)
        if trigger.casefold() in seen:
            yield page.fault(at, f"the trigger {trigger!r} stands twice", "Take one out.")
        seen.add(trigger.casefold())
        try:
            pattern = re.compile(trigger, re.IGNORECASE)
        except re.error as error:
            yield page.fault(at, f"the trigger {trigger!r} is no regular expression: {error}", "Escape what is meant literally.")
            continue
        if pattern.search(""):
            yield page.fault(at, f"the trigger {trigger!r} matches every line", "Name words that only such lines hold.")
        elif not tied(trigger) and not page.explained(trigger):
            yield from _untied(page, at, trigger)


def _untied(page: Page, at: int, trigger: str) -> Iterator[Fault]:
    """A trigger that no known line holds: dead, a word of an API, or a line that nobody has written a signature for."""
    dead = phrases().matching(trigger)
    if dead and not dead[0].tool:
        yield page.fault(at, f"the trigger {trigger!r}: {dead[0].why}", _instead(dead[0].now))
    elif not dead and not known_word(trigger):
        fix = "Use words of a signature's sample, or say under `explained` in the front matter who prints it."
        yield page.fault(at, f"the trigger {trigger!r} stands in no known line", fix)


def _instead(now: str) -> str:
    return f"Printed instead: {now}." if now else "Take it out, or say under `explained` why it is right."


def _declared(page: Page, lines: dict[str, int]) -> Iterator[Fault]:
    sop = page.sop
    for name in unknown_causes(sop.root_causes):
        yield page.fault(
            _line_of(page, name, lines["root_causes"]), f"root_causes: there is no cause {name!r}", "docs/diagnosis.md lists them."
        )
    words = vocabulary(sop, "root_cause")
    for word in sop.root_causes:
        if word not in words:
            yield page.fault(
                _line_of(page, word, lines["root_causes"]),
                f"root_causes: {word!r} is no word of the Output Format",
                "Add it there.",
            )
    for phrase, why in sop.explained.items():
        at = _line_of(page, phrase, lines["explained"])
        if len(why) < 10:
            yield page.fault(at, f"explained: {phrase!r} has no reason", "Say who prints it, or why it is right.")
        if sop.text.count(phrase) + sop.text.count(phrase.replace("\\", "\\\\")) < 2:
            yield page.fault(at, f"explained: {phrase!r} stands nowhere else in the runbook", "Take the explanation out.")


def _line_of(page: Page, value: str, first: int) -> int:
    """The line where a value of the front matter stands, as written or as YAML escapes it."""
    start = sum(len(line) + 1 for line in page.sop.text.split("\n")[: first - 1])
    for form in (value, value.replace("\\", "\\\\"), value.replace("\\", "\\\\").replace('"', '\\"'), value.replace("'", "''")):
        if (at := page.sop.text.find(form, start)) >= 0:
            return page.line(at)
    return first


def _lines(text: str) -> dict[str, int]:
    """Each key of the front matter with its line."""
    front = text.removeprefix("\ufeff").split("\n---", 1)[0].removeprefix("---")
    node = yaml.compose(front, Loader=CLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {str(key.value): key.start_mark.line + 1 for key, _ in pairs}
