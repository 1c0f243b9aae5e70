"""A runbook's Output Format: the YAML it wants its report in, read as a template."""

import re
from collections.abc import Mapping
from functools import lru_cache

from ..errors import CatalogueError
from ..rows import read_yaml
from .model import Sop

_BLOCK = re.compile(r"^(?P<fence>`{3,}|~{3,})[ \t]*(?:ya?ml)?[ \t]*\r?\n(?P<yaml>.*?)^(?P=fence)", re.DOTALL | re.MULTILINE)
_CHOICE = re.compile(r"<(?P<words>[A-Za-z0-9_.*-]+(?:\s*\|\s*[A-Za-z0-9_.*-]+)*)>")

OPEN = "undetermined"
"""What stands where nothing is known."""


def block(sop: Sop) -> str:
    """The text of the YAML block; "" where the runbook has none."""
    part = next((text for title, text in sop.parts.items() if title.casefold().startswith("output")), "")
    found = _BLOCK.search(part)
    return found["yaml"] if found else ""


@lru_cache(maxsize=512)
def template(sop: Sop) -> Mapping[str, object]:
    """The block read; empty where there is none or it is no YAML of keys and values."""
    try:
        document = read_yaml(block(sop), "Output Format")
    except (CatalogueError, RecursionError):
        return {}
    return {str(key): value for key, value in document.items()} if isinstance(document, dict) else {}


def vocabulary(sop: Sop, key: str) -> tuple[str, ...]:
    """The words that may stand under a key: those of its first `<a|b|c>`, which may be one."""
    return _words(template(sop).get(key))


def choices(value: object) -> tuple[str, ...]:
    """The words of the first `<a|b|c>` in a value of the template; a single one is a blank, not a choice."""
    words = _words(value)
    return words if len(words) > 1 else ()


def _words(value: object) -> tuple[str, ...]:
    found = _CHOICE.search(value) if isinstance(value, str) else None
    return tuple(word.strip() for word in found["words"].split("|")) if found else ()
