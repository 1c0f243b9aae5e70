"""A SOP file read: YAML front matter between '---' lines, then markdown with '## Phase N' headings."""

import re
from collections.abc import Mapping
from itertools import pairwise

from ..errors import CatalogueError
from ..rows import read_yaml
from .model import Phase, Sop

MAX_BYTES = 256 * 1024
"""A runbook is a few pages. The seed is 9 kB."""
_MAX_FRONT = 32 * 1024

_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^##[ \t]+(?P<title>[^\r\n]*)", re.MULTILINE)
_FENCE = re.compile(r"^(?P<mark>`{3,}|~{3,})[^\r\n]*\r?\n.*?(?:^(?P=mark)[`~]*[ \t]*\r?$|\Z)", re.DOTALL | re.MULTILINE)
_PHASE = re.compile(r"Phase\s+(?P<number>\d+)\b\s*[-–—:.]*\s*(?P<title>.*)", re.IGNORECASE)


def parse(data: bytes, path: str, origin: str = "library") -> Sop:
    """The SOP in a file's bytes. Raises CatalogueError (file:line, or file and reason) where it cannot be one."""
    name = path.rsplit("/", 1)[-1]
    if len(data) > MAX_BYTES:
        raise CatalogueError(f"{name}: {len(data)} bytes; a SOP has at most {MAX_BYTES}.", "Shorten it.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{name}: not UTF-8 at byte {error.start}.", "Save it as UTF-8.") from error
    front = _FRONT.match(text)
    if front is None or len(front["yaml"]) > _MAX_FRONT:
        raise CatalogueError(f"{name}: no front matter between two '---' lines.", "Begin it with title and triggers.")
    fields = _front_matter(front["yaml"], name)
    body = text[front.end() :]
    headings = _headings(body)
    return Sop(
        id=name.removesuffix(".md"),
        title=_word(fields, "title") or name.removesuffix(".md"),
        text=text,
        body=body,
        path=path,
        origin=origin,
        description=_word(fields, "description"),
        status=_word(fields, "status") or "active",
        severity=_word(fields, "severity"),
        triggers=_words(fields, "triggers"),
        owner=_word(fields, "owner"),
        objective=_word(fields, "objective"),
        context=_word(fields, "context"),
        root_causes={word: _listed(names) for word, names in _mapping(fields, "root_causes").items()},
        explained={phrase: str(why or "").strip() for phrase, why in _mapping(fields, "explained").items()},
        related=_words(fields, "related"),
        phases=tuple(_phases(headings)),
        parts={title: part for title, part in headings if not _PHASE.match(title)},
    )


def _front_matter(text: str, name: str) -> Mapping[str, object]:
    try:
        document = read_yaml("\n" + text, name)  # the '---' above it is line 1 of the file
    except RecursionError as error:
        raise CatalogueError(f"{name}: the front matter nests too deep.", "Keep to plain keys and lists.") from error
    if not isinstance(document, dict):
        raise CatalogueError(f"{name}:1: the front matter must be keys and values.", "Write `title: ...` lines.")
    return {str(key): value for key, value in document.items()}


def _word(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _mapping(fields: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = fields.get(key)
    return {str(name): each for name, each in value.items()} if isinstance(value, dict) else {}


def _words(fields: Mapping[str, object], key: str) -> tuple[str, ...]:
    return _listed(fields.get(key))


def _listed(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(str(item) for item in items if isinstance(item, str | int | float) and str(item).strip())


def _headings(body: str) -> list[tuple[str, str]]:
    """Title and verbatim text of every '## ' part. A '## ' inside a code fence is code, not a heading."""
    fences = [match.span() for match in _FENCE.finditer(body)]
    found = [m for m in _HEADING.finditer(body) if not any(start <= m.start() < end for start, end in fences)]
    spans = pairwise([match.start() for match in found] + [len(body)])
    return [(match["title"].strip(), body[start:end]) for match, (start, end) in zip(found, spans, strict=True)]


def _phases(headings: list[tuple[str, str]]) -> list[Phase]:
    found = ((_PHASE.match(title), text) for title, text in headings)
    return [Phase(int(match["number"]), match["title"].strip(), text) for match, text in found if match]
