"""Are the hits right? Against ripgrep on the same text, and against the generator's truth."""

import json
from pathlib import Path

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.bundle.query import Query
from eks_diag_mcp.bundle.search import Budget, Search, in_order
from eks_diag_mcp.bundle.store import from_iso
from eks_diag_mcp.model import Window
from eks_diag_mcp.signatures.catalogue import catalogue

from .references import ripgrep

Hit = tuple[str, int, bytes]


def write_patterns(path: Path) -> Path:
    """Our own signature patterns, one a line, for the reference."""
    path.write_text("\n".join(row.row.pattern for row in catalogue().rows) + "\n")
    return path


def ours(bundle: Bundle, pattern: str) -> set[Hit]:
    """(file, line, text) of each match."""
    search = Search(bundle, Query(pattern), in_order(bundle, None), Window(None, None, ""), Budget(lambda: 0.0, 1.0))
    found: set[Hit] = set()
    for file in search.files():
        for ref, indexes in file.blocks:
            lines = bundle.block_text(ref).split(b"\n")
            found |= {(file.entry.path, ref.first_line + i, lines[i]) for i in indexes.tolist()}
    return found


def theirs(text: Path, pattern: str) -> set[Hit]:
    """The same from ripgrep."""
    found: set[Hit] = set()
    for line in ripgrep(text, pattern)[1].splitlines():
        path, number, rest = line.removeprefix(b"./").split(b":", 2)
        found.add((path.decode(), int(number), rest))
    return found


def missed(app: App, bundle: Bundle, truth: Path) -> tuple[int, int]:
    """(faults of the truth file, those not found with file, line, text and time)."""
    rows = [json.loads(line) for line in truth.read_text().splitlines()]
    by_place = {(row["path"], row["line"]): row for row in rows}
    wrong = 0
    for entry in bundle.manifest.files:
        wanted = sorted(line for path, line in by_place if path == entry.path)
        for line in wanted:
            row = by_place[entry.path, line]
            ((_, text),) = list(bundle.lines(entry.path, line, 1))
            ref = next(r for r in bundle.blocks_of(entry.id) if r.first_line <= line < r.first_line + r.n_lines)
            time = bundle.line_time(entry, ref, bundle.block_text(ref).split(b"\n"), line - ref.first_line)
            right = text == row["text"] and time is not None and abs(time.timestamp() - row["ts"]) < 1.001
            wrong += not right
    assert from_iso(bundle.manifest.captured) and app
    return len(rows), wrong
