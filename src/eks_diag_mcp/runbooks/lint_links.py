"""The linter's look at what a runbook points to: other runbooks, and causes by their id."""

import difflib
import re
from collections.abc import Iterator, Sequence

from ..diagnose.causes import causes
from .lint import Fault, Page
from .model import Sop
from .wording import meant

_ID = r"(?!S3\b|K8\b)[A-Z]\d{1,2}\b"
_IDS = rf"(?P<ids>{_ID}(?:(?:,\s*|\s+(?:and|or)\s+|/){_ID})*)"
_LINK = (
    re.compile(
        rf"\b(?:[Ss]ee|[Rr]un|[Ff]ollow|[Gg]o on with|[Gg]o to|[Cc]ontinue with|[Ss]witch to|[Uu]se)\s+(?:also\s+)?(?:the\s+)?(?:SOPs?\s+|runbooks?\s+)?`?{_IDS}\b"
    ),
    re.compile(rf"\b{_IDS}`?\s+(?:SOPs?|runbooks?)\b"),
    re.compile(rf"\b(?:SOPs?|[Rr]unbooks?)\s+`?{_IDS}\b"),
    re.compile(rf"\((?P<ids>{_ID})\)"),
    re.compile(rf"\b(?:sop|sopName)\s?=\s?[\"'`]?(?P<ids>{_ID})\b"),
    re.compile(rf"sop:///(?P<ids>{_ID})"),
)
_STEM = re.compile(r"(?<![\w/-])(?P<id>[A-Z]\d{1,2}-[a-z][a-z0-9]*(?:-[a-z0-9]+)+)\b")
_FILE = re.compile(r"(?<![\w/-])(?P<id>[A-Z]\d{1,2}-[a-z0-9-]+)\.md\b")
_ROOT = re.compile(r"root causes?:? (?:is |of )?`(?P<name>[a-z0-9_.]+)`", re.IGNORECASE)
_DOTTED = re.compile(r"`(?P<name>[a-z][a-z0-9_]*\.[a-z0-9_]+)`")
_FILES = re.compile(r"\.(?:log|txt|json|yaml|yml|conf|service|sock|toml|sh|md|go|c|slice|mount|io|com|internal)$")


def link_faults(page: Page, known: Sequence[Sop]) -> Iterator[Fault]:
    """Links that lead nowhere, each once a line."""
    short = {sop.short_id.casefold() for sop in known} | {row.casefold() for row in page.accepted}
    ids = {sop.id.casefold() for sop in known}
    text = page.sop.text
    seen: set[tuple[int, str]] = set()
    for at, name in sorted(_links(text)):
        wanted, line = name.casefold(), page.line(at)
        if wanted in short or wanted in ids or (line, name) in seen:
            continue
        seen.add((line, name))
        near = difflib.get_close_matches(wanted, short | ids, n=1, cutoff=0.6)
        yield page.fault(
            line,
            f"there is no runbook {name}",
            f"Did you mean {near[0].upper() if near[0] in short else near[0]}?" if near else "Name one that is there, or write it.",
        )
    yield from _cause_faults(page)


def _links(text: str) -> Iterator[tuple[int, str]]:
    for pattern in _LINK:
        for match in pattern.finditer(text):
            for each in re.finditer(_ID, match["ids"]):
                yield match.start("ids") + each.start(), each.group()
    for pattern in (_STEM, _FILE):
        for match in pattern.finditer(text):
            yield match.start(), match["id"]


def _cause_faults(page: Page) -> Iterator[Fault]:
    """Causes that a runbook concludes and that do not exist."""
    families = {row.family for row in causes().rows}
    found = [(m.start("name"), m["name"]) for m in _ROOT.finditer(page.sop.text)]
    found += [
        (m.start("name"), m["name"])
        for m in _DOTTED.finditer(page.sop.text)
        if m["name"].split(".")[0] in families and not _FILES.search(m["name"])
    ]
    for at, name in dict.fromkeys(found):
        if name not in causes().by_id and not meant(page.sop, name) and name != "undetermined":
            near = difflib.get_close_matches(name, causes().by_id, n=1, cutoff=0.5)
            fix = f"Did you mean {near[0]}? " if near else ""
            yield page.fault(page.line(at), f"there is no cause `{name}`", f"{fix}docs/diagnosis.md lists them.")
