"""Admit: the archive streams by once and becomes blocks, hits and findings. Memory stays constant.

reader thread: gunzip, tar, newline-aligned blocks -> this thread: one Hyperscan pass for all rules and secrets, times,
hits -> writer thread: Parquet."""

import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from ..errors import DiagError
from .archive import DAMAGE, Account, Archive, Limits, Member
from .clock import Clock
from .hits import HitBook
from .redact import VERSION as REDACTION_VERSION
from .rules import LineRule, PatternSet
from .scan import BlockScanner
from .sources import Source, sources
from .stamps import BootFinder, FileStamps
from .store import Block, FileEntry, Manifest, TextWriter, iso

BLOCK_BYTES = 768 << 10
LINE_CAP = 8 << 20
"""A longer line is stored in pieces that share its number."""
_SPOOL = 16 << 20
_HOLD = 24 << 20
_QUEUE = 6


@dataclass(slots=True)
class Job:
    """What an admit needs from above: the rules, where to write, how to report and stop."""

    rules: tuple[LineRule, ...]
    patterns: PatternSet
    draft: Path
    signatures: str
    now: Callable[[], float]
    wall: datetime
    checkpoint: Callable[[], None] = lambda: None
    progress: Callable[[int], None] = lambda _bytes: None
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True)
class _Piece:
    """What the reader hands over: a file's start (`entry`), a run of its bytes, or its end."""

    entry: FileEntry
    source: Source
    time: datetime | None
    data: bytes = b""
    last: bool = False


class Admission:
    """One archive on its way in."""

    def __init__(self, job: Job, raw: IO[bytes], captured_hint: datetime | None) -> None:
        self.job, self._hint = job, captured_hint
        self.archive = Archive(raw, job.limits, self._reading_goes_on, job.now)
        self.entries: list[FileEntry] = []
        self._queue: queue.Queue[_Piece | BaseException | None] = queue.Queue(_QUEUE)
        self._sizes: dict[int, list[FileEntry]] = {}
        self._stop = threading.Event()
        self.book = HitBook(job.rules)
        self.boot = BootFinder()
        self.scanner = BlockScanner(job.rules, job.patterns, self.book)

    def _reading_goes_on(self) -> None:
        if self._stop.is_set():
            raise _Stopped

    # ---- reader thread ------------------------------------------------------------------------------------------------
    def _read(self) -> None:
        try:
            for member in self.archive.members():
                self._member(member)
            self._put(None)
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the admitting thread, which raises it
            self._queue.put(error)

    def _put(self, piece: _Piece | None) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put(piece, timeout=0.2)
            except queue.Full:
                continue
            return
        raise _Stopped

    def _member(self, member: Member) -> None:
        entry = FileEntry(len(self.entries), member.name, sources().of(member.name).name)
        self.entries.append(entry)
        read = member.read
        if member.size and member.size in self._sizes:
            read = self._unless_repeated(member, entry)
            if entry.same_as:
                return
        self._sizes.setdefault(member.size, []).append(entry)
        for piece in self._pieces(entry, member.time, read):
            self._put(piece)

    def _unless_repeated(self, member: Member, entry: FileEntry) -> Callable[[int], bytes]:
        """Spool a file whose size was seen before; mark it when an earlier file has the same content."""
        import hashlib

        spool = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 - read after this call, closed by its last reference
        digest = hashlib.sha256()
        while data := member.read(1 << 20):
            digest.update(data)
            spool.write(data)
        spool.seek(0)
        same = next((e for e in self._sizes[member.size] if e.sha256 == digest.hexdigest() and e.source == entry.source), None)
        if same is not None:
            entry.same_as, entry.size, entry.lines, entry.sha256 = same.path, same.size, same.lines, same.sha256
            entry.state = same.state
        return spool.read

    def _pieces(self, entry: FileEntry, time: datetime | None, read: Callable[[int], bytes]) -> Iterator[_Piece]:
        """Newline-aligned runs of a file's bytes; the last one has `last` set. Damage inside a nested .gz ends the file."""
        import hashlib

        source, digest, rest, decode = sources().of(entry.path), hashlib.sha256(), b"", None
        while True:
            try:
                data = read(BLOCK_BYTES)
            except DAMAGE as error:
                if self.archive.account.truncated:
                    raise
                entry.state, data = ("truncated" if entry.size else "unreadable"), b""
                entry.detail = f"the file is cut or damaged ({type(error).__name__})"
            if not data:
                break
            digest.update(data)
            if entry.size == 0 and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
                import codecs

                decode = codecs.getincrementaldecoder("utf-16")("replace")
            entry.size += len(data)
            rest += decode.decode(data).encode("utf-8", "replace") if decode else data
            cut = rest.rfind(b"\n") + 1 or (len(rest) if len(rest) >= LINE_CAP else 0)
            if cut:
                yield _Piece(entry, source, time, rest[:cut])
                rest = rest[cut:]
        entry.sha256 = digest.hexdigest()
        yield _Piece(entry, source, time, rest, last=True)

    # ---- admitting thread -----------------------------------------------------------------------------------------------
    def run(self) -> Manifest:
        """Read, scan and write everything; returns the manifest, complete but for who the node is."""
        thread = threading.Thread(target=self._read, name="archive-reader", daemon=True)
        thread.start()
        writer = TextWriter(self.job.draft)
        held: list[tuple[Block, FileStamps]] = []
        current: FileStamps | None = None
        held_bytes, head = 0, b""
        try:
            while (piece := self._queue.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                self.job.checkpoint()
                if current is None or current.entry is not piece.entry:
                    current = FileStamps(piece.entry, piece.source, Clock(piece.time or self._fallback()))
                    head = piece.data[:200]
                for block in self.scanner.blocks(piece.data, current, last=piece.last):
                    self.boot.see(block)
                    if current.boot_clock and held_bytes < _HOLD:
                        held.append((block, current))
                        held_bytes += len(block.text)
                    else:
                        writer.put(block)
                if piece.last:
                    current.finish(head if current.lines <= 3 else b"")
                self.job.progress(self.archive.packed.count)
            self._resolve_boot(held, writer)
        except BaseException:
            self._stop.set()
            try:
                writer.close()
            except DiagError:
                pass
            raise
        writer.close()
        return self._manifest()

    def _fallback(self) -> datetime:
        return self._hint or self.archive.account.newest or self.job.wall

    def _resolve_boot(self, held: list[tuple[Block, FileStamps]], writer: TextWriter) -> None:
        """Give kernel lines their UTC times, now that boot time is known (or stays unknown)."""
        boot = self.boot.find(self._captured())
        for block, stamps in held:
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
            files=self.entries,
            notes=account.notes,
            truncated=account.truncated,
            layout="node-agent" if agent or "networking/get_api_server.txt" in names else "node-script",
            signatures=self.job.signatures,
            redaction=REDACTION_VERSION,
        )


class _Stopped(Exception):
    """The admitting thread gave up; the reader ends."""
