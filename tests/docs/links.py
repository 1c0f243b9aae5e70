"""Links of Markdown pages, read with a Markdown parser."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("gfm-like", {"linkify": False})
_SCHEMES = frozenset({"https", "sop", "log", "finding", "skill"})
"""External pages, and the resources that the server itself serves."""


def links(page: Path) -> Iterator[str]:
    """Targets of the links and pictures of a page."""
    for token in _tokens(_PARSER.parse(page.read_text(encoding="utf-8"))):
        target = (
            token.attrGet({"link_open": "href", "image": "src"}.get(token.type, ""))
            if token.type in ("link_open", "image")
            else None
        )
        if target is not None:
            yield str(target)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings as code hosts make them: small letters, no punctuation, hyphens; doubles are numbered."""
    tokens, found, seen = _PARSER.parse(page.read_text(encoding="utf-8")), [], dict[str, int]()
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            text = "".join(part.content for part in tokens[place + 1].children or () if part.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.append(f"{slug}-{seen[slug]}" if slug in seen else slug)
            seen[slug] = seen.get(slug, 0) + 1
    return frozenset(found)


def fault(page: Path, target: str, root: Path) -> str | None:
    """What is wrong with a link; None = it leads somewhere. External addresses are judged by their form."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        formed = parts.scheme in _SCHEMES and (parts.scheme != "https" or bool(re.fullmatch(r"[\w.-]+\.[a-z]{2,}", parts.netloc)))
        return None if formed else "no https address"
    place = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not place.is_relative_to(root):
        return "leads out of the repository"
    if not place.exists():
        return "no such file"
    if parts.fragment and (place.suffix != ".md" or parts.fragment not in anchors(place)):
        return "no such heading"
    return None


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or [])
