"""Verify: is a stored bundle still what was written? Everything is read, and what tells of the same thing is compared."""

from collections.abc import Callable, Iterator

from ..errors import BadBundle
from .bundle import Bundle
from .findings_table import read_hits
from .home import Place
from .store import SCHEMA_VERSION

_MOST = 20
"""Faults told of one bundle."""


def faults_of(bundle: Bundle, place: Place, checkpoint: Callable[[], None] = lambda: None) -> list[str]:
    """What is wrong with a bundle; empty where nothing is."""
    found: list[str] = []
    for check in (_manifest, _blocks, _tables):
        try:
            for fault in check(bundle, place, checkpoint):
                found.append(fault)
                if len(found) >= _MOST:
                    return found
        except BadBundle as error:
            found.append(error.message)
    return found


def _manifest(bundle: Bundle, place: Place, _checkpoint: Callable[[], None]) -> Iterator[str]:
    manifest = bundle.manifest
    if manifest.schema != SCHEMA_VERSION:
        yield f"the manifest is of schema {manifest.schema}"
    if (manifest.digest, manifest.instance_id) != (place.digest, place.instance):
        yield f"the manifest is of bundle {manifest.digest[:12]} of {manifest.instance_id}"


def _blocks(bundle: Bundle, _place: Place, checkpoint: Callable[[], None]) -> Iterator[str]:
    """Each block unpacks to its length and its lines, and is of a file of the manifest."""
    files = {entry.id: entry for entry in bundle.manifest.files if entry.same_as is None}
    for ref in bundle.blocks:
        checkpoint()
        entry = files.get(ref.file_id)
        if entry is None:
            yield f"block {ref.row} is of no file of the manifest"
            continue
        try:
            text = bundle.block_text(ref)
        except BadBundle as error:
            yield f"block {ref.row} ({entry.path}): {error.message}"
            continue
        lines = text.count(b"\n") + (not text.endswith(b"\n"))
        if len(text) != ref.size or lines != ref.n_lines:
            yield f"block {ref.row} ({entry.path}) has {len(text)} bytes in {lines} lines, not {ref.size} in {ref.n_lines}"
    missing = [e.path for e in files.values() if e.size and e.state != "unreadable" and not bundle.blocks_of(e.id)]
    for path in missing:
        yield f"{path} has no block"
    if len(bundle.bitmaps()) != len(bundle.blocks):
        yield f"grams/ has {len(bundle.bitmaps())} rows for {len(bundle.blocks)} blocks"


def _tables(bundle: Bundle, _place: Place, checkpoint: Callable[[], None]) -> Iterator[str]:
    """Findings and hits tell of the same signatures and of lines that are there; the queries' table reads."""
    seen: set[str] = set()
    for hit in read_hits(bundle.holding("hits")):
        entry = bundle.files.get(hit.file)
        seen.add(hit.signature)
        if entry is None or not 1 <= hit.line <= entry.lines:
            yield f"hits/ names {hit.file}:{hit.line}, which is not in the manifest"
    checkpoint()
    for row in bundle.finding_rows:
        if row.signature not in seen:
            yield f"findings/ has {row.signature}, hits/ has not"
        for file in row.files:
            if file not in bundle.files:
                yield f"findings/ names {file}, which is not in the manifest"
    _ = bundle.stored_queries, bundle.loud_lines
