"""The generator's truth file against what was found: each line that a signature describes must be there, with its time."""

import json
from pathlib import Path
from typing import Any

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.bundle.clock import Clock
from eks_diag_mcp.bundle.findings_table import read_hits
from eks_diag_mcp.bundle.formats import formats
from eks_diag_mcp.bundle.sources import sources
from eks_diag_mcp.signatures.catalogue import catalogue


def write_patterns(path: Path) -> Path:
    """Our own signature patterns, one a line, for the reference."""
    path.write_text("\n".join(row.row.pattern for row in catalogue().rows) + "\n")
    return path


def missed(bundle: Path, library: Path) -> dict[str, Any]:
    """How many truth lines have a signature by the obvious scan, and which of them the library does not hold."""
    manifest = next((library / "first_s").glob("v*/instance=*/bundle=*/manifest.json"))
    stored = Bundle(manifest.parent)
    hits: dict[tuple[str, int], int | None] = {}
    for hit in read_hits(stored.folder):
        hits[hit.file, hit.line] = hit.time
    expected, lines = 0, []
    for row in map(json.loads, bundle.with_suffix("").with_suffix(".truth.jsonl").read_text().splitlines()):
        source = sources().of(row["path"])
        stamped = formats().reader(source.formats, Clock(stored.captured)).read(row["text"]) if source.formats else None
        program = stamped.program if stamped else None
        known = [
            c for c in catalogue().rows if (p := c.programs(source.name)) and (None in p or program in p) and c.hits(row["text"])
        ]
        if not known:
            continue
        expected += 1
        found = hits.get((row["path"], row["line"]), -1)
        exact = found != -1 and (row["ts"] is None or (found is not None and abs(found - row["ts"] * 1000) < 1001))
        if not exact:
            lines.append(f"{row['path']}:{row['line']} {known[0].row.id} {row['text'][:120]}")
    return {"expected": expected, "lines": lines}
