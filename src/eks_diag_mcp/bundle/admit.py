"""Admit: the archive streams by once and becomes blocks, hits and findings. Memory stays constant.

reader thread: gunzip, tar, newline-aligned pieces -> this thread: one Hyperscan pass for all rules and secrets, times,
hits -> writer thread: Parquet."""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from ..errors import BadBundle, DiagError
from .archive import Account, Archive, Limits
from .boot import BootFinder
from .clock import Clock
from .hits import HitBook
from .loud_lines import write_loud
from .memory import give_back
from .query import Query
from .query_table import set_digest
from .reader import Piece, Reader
from .redact import VERSION as REDACTION_VERSION
from .redact import Redactor
from .rules import LineRule, PatternSet
from .scan import BlockScanner, query_book
from .sources import OTHER
from .stamps import FileStamps
from .store import Block, FileEntry, Manifest, iso
from .text_writer import TextWriter

_HOLD = 24 << 20


@dataclass(slots=True)
class Job:
    """What an admit needs from above: the rules and queries, where to write, how to report and stop."""

    rules: tuple[LineRule, ...]
    patterns: PatternSet
    draft: Path
    signatures: str
    queries: tuple[Query, ...]
    now: Callable[[], float]
    wall: datetime
    checkpoint: Callable[[], None] = lambda: None
    progress: Callable[[int], None] = lambda _bytes: None
    limits: Limits = field(default_factory=Limits)


class Admission:
    """One archive on its way in."""

    def __init__(self, job: Job, raw: IO[bytes], captured_hint: datetime | None) -> None:
        self.job, self._hint = job, captured_hint
        self._reader = Reader(lambda check: Archive(raw, job.limits, check, job.now), job.draft)
        self.archive, self.entries = self._reader.archive, self._reader.entries
        self.book = HitBook(job.rules)
        self.boot = BootFinder()
        self.queries = query_book(job.rules, job.patterns, job.queries)
        self.scanner = BlockScanner(job.rules, job.patterns, self.book, Redactor(), self.queries)
        self._held: list[tuple[Block, FileStamps]] = []
        self._held_bytes = 0

    def run(self) -> Manifest:
        """Read, scan and write everything; returns the manifest, complete but for who the node is."""
        writer = TextWriter(self.job.draft)
        try:
            with closing(self._reader.pieces()) as pieces:
                stamps: FileStamps | None = None
                for piece in pieces:
                    self.job.checkpoint()
                    if stamps is None or stamps.entry is not piece.entry:
                        stamps = FileStamps(piece.entry, piece.source, Clock(piece.time or self._captured()))
                    self._piece(piece, stamps, writer)
                    self.job.progress(self.archive.packed.count)
            self._resolve_boot(writer)
        except BaseException:
            with suppress(DiagError):
                writer.close()
            raise
        give_back()  # what streamed by is not needed for the tables
        writer.close()
        if not any(entry.source != OTHER for entry in self.entries):
            raise BadBundle(
                "None of the archive's files is one that a log collector of EKS nodes writes.",
                "Give a bundle of the EKS log collector script or of the node monitoring agent (tar.gz).",
            )
        write_loud(self.job.draft, self.scanner.loud, self.entries)
        return self._manifest()

    def _piece(self, piece: Piece, stamps: FileStamps, writer: TextWriter) -> None:
        for block in self.scanner.blocks(piece.data, stamps, last=piece.last):
            self.boot.see(block)
            if not stamps.boot_clock:
                writer.put(block)
            elif self._held_bytes < _HOLD:
                self._held.append((block, stamps))
                self._held_bytes += len(block.text)
            else:  # kernel lines without end: their blocks stay without times, and are read in every window
                block.ts_min = block.ts_max = None
                writer.put(block)
        if piece.last:
            stamps.finish()

    def _resolve_boot(self, writer: TextWriter) -> None:
        """Give kernel lines their UTC times, now that boot time is known (or stays unknown)."""
        boot = self.boot.find(self._captured())
        for block, stamps in self._held:
            stamps.resolve_boot(block, boot)
            writer.put(block)
        self.book.resolve_boot(boot)

    def _captured(self) -> datetime:
        return self.archive.account.newest or self._hint or self.job.wall

    def _manifest(self) -> Manifest:
        account: Account = self.archive.account
        boot = self.boot.find(self._captured())
        names = {e.path for e in self.entries}
        agent = "log-capture-errors.log" in names or any(n.startswith(("automode/", "bottlerocket/")) for n in names)
        return Manifest(
            digest=self.archive.packed.sha256.hexdigest()[:32],
            instance_id="",
            captured=iso(self._captured()) or "",
            admitted=iso(self.job.wall) or "",
            boot=iso(boot),
            files=_with_copies(self.entries),
            notes=account.notes,
            truncated=account.truncated,
            layout="node-agent" if agent or "networking/get_api_server.txt" in names else "node-script",
            signatures=self.job.signatures,
            queries=set_digest(self.job.queries),
            redaction=REDACTION_VERSION,
        )


def _with_copies(entries: list[FileEntry]) -> list[FileEntry]:
    """The entries, each repeated copy told as the file it repeats."""
    stored = {e.path: e for e in entries}
    for entry in entries:
        if entry.same_as is not None:
            same = stored[entry.same_as]
            entry.size, entry.lines, entry.sha256 = same.size, same.lines, same.sha256
            entry.state, entry.detail, entry.masked = same.state, same.detail, same.masked
            entry.first, entry.last = same.first, same.last
    return entries
