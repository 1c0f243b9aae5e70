"""Re-index: a stored bundle scanned again with today's signatures. Its text stays; hits and findings are replaced."""

import dataclasses
import shutil
import uuid
from collections.abc import Callable

from .bundle import Bundle
from .findings_table import write_findings
from .hits import HitBook
from .rules import LineRule, PatternSet
from .scan import BlockScanner
from .sources import sources
from .stamps import FileStamps
from .store import secure_tree, store_faults


def reindex(
    bundle: Bundle, rules: tuple[LineRule, ...], patterns: PatternSet, signatures: str, checkpoint: Callable[[], None]
) -> None:
    """Write hits/ and findings/ anew and note the signature set in the manifest."""
    book = HitBook(rules)
    scanner = BlockScanner(rules, patterns, book)
    for entry in bundle.manifest.files:
        if entry.same_as is not None:
            continue
        stamps = FileStamps(dataclasses.replace(entry), sources().by_name[entry.source], bundle.clock_of(entry))
        refs = bundle.blocks_of(entry.id)
        for place, ref in enumerate(refs):
            checkpoint()
            for _ in scanner.blocks(bundle.block_text(ref), stamps, last=place == len(refs) - 1):
                pass
    book.resolve_boot(bundle.boot)
    draft = bundle.folder / f"index.{uuid.uuid4().hex}.part"
    try:
        with store_faults():
            write_findings(draft, book)
            secure_tree(draft)
            for name in ("hits", "findings"):
                (draft / name / "0.parquet").replace(bundle.folder / name / "0.parquet")
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    bundle.manifest.signatures = signatures
    bundle.save_manifest()
    bundle.__dict__.pop("finding_rows", None)
