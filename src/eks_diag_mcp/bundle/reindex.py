"""Re-index: a stored bundle scanned again with today's signatures and queries. Its text stays; hits, findings and answers
are replaced."""

import dataclasses
import shutil
from collections.abc import Callable

from .bundle import Bundle
from .findings_table import write_findings
from .hits import HitBook
from .loud_lines import write_loud
from .query import Query
from .query_table import set_digest, write_queries
from .rules import LineRule, PatternSet
from .scan import BlockScanner, query_book
from .sources import sources
from .stamps import FileStamps
from .store import Manifest, store_faults


def reindex(
    bundle: Bundle,
    rules: tuple[LineRule, ...],
    patterns: PatternSet,
    signatures: str,
    checkpoint: Callable[[], None],
    queries: tuple[Query, ...] = (),
) -> None:
    """Write hits/, findings/, queries/ and loud/ anew and note in the manifest which signatures and queries they are of."""
    book, answers = HitBook(rules), query_book(rules, patterns, queries)
    scanner = BlockScanner(rules, patterns, book, queries=answers)
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
    draft = bundle.stored.draft()
    try:
        with store_faults():
            write_findings(draft, book)
            write_queries(draft, bundle, answers)
            write_loud(draft, scanner.loud, bundle.manifest.files)
        bundle.replace(draft, ("hits", "findings", "queries", "loud"))
    finally:
        shutil.rmtree(draft, ignore_errors=True)

    def indexed(manifest: Manifest) -> None:
        manifest.signatures, manifest.queries = signatures, set_digest(queries)

    bundle.change_manifest(indexed)
