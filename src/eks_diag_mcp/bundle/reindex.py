"""Re-index: a stored bundle scanned again with today's signatures. Its text stays; hits and findings are replaced."""

import shutil
import uuid
from collections.abc import Callable

from .bundle import Bundle
from .clock import Clock
from .findings_table import write_findings
from .hits import HitBook
from .rules import LineRule, PatternSet
from .scan import BlockScanner
from .sources import sources
from .stamps import FileStamps


def reindex(bundle: Bundle, rules: tuple[LineRule, ...], patterns: PatternSet, signatures: str, checkpoint: Callable[[], None]) -> None:
    """Write hits/ and findings/ anew and note the signature set in the manifest."""
    book = HitBook(rules)
    scanner = BlockScanner(rules, patterns, book)
    for entry in bundle.manifest.files:
        if entry.same_as is not None:
            continue
        kept = (entry.first, entry.last, entry.state, entry.lines, entry.masked)
        stamps = FileStamps(entry, sources().by_name[entry.source], Clock(bundle.captured))
        refs = bundle.blocks_of(entry.id)
        for place, ref in enumerate(refs):
            checkpoint()
            for _ in scanner.blocks(bundle.block_text(ref), stamps, last=place == len(refs) - 1):
                pass
        entry.first, entry.last, entry.state, entry.lines, entry.masked = kept
    book.resolve_boot(bundle.boot)
    draft = bundle.folder / f"index.{uuid.uuid4().hex}.part"
    write_findings(draft, book)
    for name in ("hits", "findings"):
        (draft / name / "0.parquet").replace(bundle.folder / name / "0.parquet")
    shutil.rmtree(draft, ignore_errors=True)
    bundle.manifest.signatures = signatures
    part = bundle.folder / f"manifest.{uuid.uuid4().hex}.part"
    part.write_text(bundle.manifest.dump(), encoding="utf-8")
    part.replace(bundle.folder / "manifest.json")
    bundle.__dict__.pop("finding_rows", None)
