"""The results as they stand in docs/performance.md, written by a whole run between two marks."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from .rows import HEAD, Row

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
_BEGIN, _END = "<!-- results: written by make bench -->\n", "<!-- end of results -->\n"


def table(machine: Mapping[str, Any], rows: Sequence[Row], on: date) -> str:
    """The machine in a sentence and a row a measurement."""
    told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in machine.items())
    return f"{on:%d %B %Y}; {told}.\n\n{HEAD}\n" + "\n".join(row.line() for row in rows) + "\n"


def write(text: str, page: Path = PAGE) -> None:
    """Put it in the place of the last results."""
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    page.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")
