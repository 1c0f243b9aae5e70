"""The reading half of an admit: members of the archive as runs of whole lines, equal content only once."""

import codecs
import hashlib
import queue
import re
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .archive import Archive, Member
from .sources import Source, sources
from .store import FileEntry, iso
from .streams import DAMAGE

BLOCK_BYTES = 512 << 10
LINE_CAP = 8 << 20
"""A longer line is stored in pieces that share its number."""
_LOOK_BACK = 64 << 10
_SPOOL = 16 << 20
_QUEUE = 6
_PARTIAL = re.compile(rb"\S{20,45} std(?:out|err) P ")


@dataclass(slots=True)
class Piece:
    """A run of a file's bytes; `last` ends the file. All but the last end with a newline, or within a line above LINE_CAP."""

    entry: FileEntry
    source: Source
    time: datetime | None
    data: bytes = b""
    last: bool = False


class Stopped(Exception):
    """The admitting thread gave up; the reader ends."""


class Reader:
    """Walks the archive in its own thread. `spool` is a folder for what must be read twice (a file without a name)."""

    def __init__(self, archive: Callable[[Callable[[], None]], Archive], spool: Path) -> None:
        self.archive = archive(self._go_on)
        self.entries: list[FileEntry] = []
        self._spool = spool
        self._queue: queue.Queue[Piece | BaseException | None] = queue.Queue(_QUEUE)
        self._sizes: dict[int, list[FileEntry]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="archive-reader", daemon=True)

    def pieces(self) -> Generator[Piece, None, None]:
        """All pieces in archive order; what goes wrong in the thread is raised here. Closing it ends the thread."""
        self._thread.start()
        try:
            while (piece := self._queue.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            self._stop.set()
            self._thread.join()

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def _run(self) -> None:
        try:
            with suppress(Stopped):
                for member in self.archive.members():
                    self._member(member)
                self._put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the admitting thread, which raises it
            with suppress(Stopped):
                self._put(error)

    def _put(self, piece: Piece | BaseException | None) -> None:
        while True:
            self._go_on()
            try:
                self._queue.put(piece, timeout=0.2)
            except queue.Full:
                continue
            return

    def _member(self, member: Member) -> None:
        entry = FileEntry(len(self.entries), member.name, sources().of(member.name).name, time=iso(member.time))
        self.entries.append(entry)
        read = member.read
        if member.size and member.size in self._sizes:
            read = self._unless_repeated(member, entry)
            if entry.same_as:
                return
        self._sizes.setdefault(member.size, []).append(entry)
        for piece in pieces(entry, member.time, read):
            self._put(piece)

    def _unless_repeated(self, member: Member, entry: FileEntry) -> Callable[[int], bytes]:
        """Read a file whose size was seen before to its end; mark it when an earlier file has the same content."""
        spool = tempfile.SpooledTemporaryFile(_SPOOL, dir=str(self._spool))  # noqa: SIM115 - closed by its last reference
        digest, fault = hashlib.sha256(), None
        while fault is None:
            try:
                data = member.read(1 << 20)
            except DAMAGE as error:
                data, fault = b"", error
            if not data:
                break
            digest.update(data)
            spool.write(data)
        spool.seek(0)
        same = next((e for e in self._sizes[member.size] if e.sha256 == digest.hexdigest() and e.source == entry.source), None)
        if same is not None:
            entry.same_as = same.path

        def again(size: int) -> bytes:
            kept = spool.read(size)
            if not kept and fault is not None:
                raise fault
            return kept

        return again


def pieces(entry: FileEntry, time: datetime | None, read: Callable[[int], bytes]) -> Iterator[Piece]:
    """A file's bytes as pieces. Tells `entry` its size and digest, and damage: all before it is given out."""
    source, digest, rest = sources().by_name[entry.source], hashlib.sha256(), b""
    decoder: codecs.IncrementalDecoder | None = None
    cri = "cri" in source.formats
    while True:
        try:
            data = read(BLOCK_BYTES)
        except DAMAGE as error:
            entry.state, data = ("truncated" if entry.size else "unreadable"), b""
            entry.detail = f"the file is cut or damaged ({type(error).__name__})"
        if not data:
            break
        digest.update(data)
        if entry.size == 0 and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            decoder = codecs.getincrementaldecoder("utf-16")("replace")
        entry.size += len(data)
        rest += decoder.decode(data).encode("utf-8", "replace") if decoder else data
        if len(rest) < BLOCK_BYTES:
            continue
        if cut := whole_lines(rest, cri=cri) or (cut_line(rest) if len(rest) >= LINE_CAP else 0):
            yield Piece(entry, source, time, rest[:cut])
            rest = rest[cut:]
    entry.sha256 = digest.hexdigest()
    yield Piece(entry, source, time, rest, last=True)


def whole_lines(data: bytes, *, cri: bool) -> int:
    """Where the last whole line ends; with `cri`, of lines that the runtime cut in parts (P) none stands without its end."""
    end = data.rfind(b"\n") + 1
    if not cri:
        return end
    cut = end
    while cut:
        start = data.rfind(b"\n", 0, cut - 1) + 1
        if not _PARTIAL.match(data, start, cut):
            return cut
        cut = start
    return end if len(data) >= LINE_CAP else 0


def cut_line(data: bytes) -> int:
    """Where to cut a line that is too long: between two of its words or fields, so that no secret is cut in two."""
    for mark in (b"},", b",", b" "):
        if (at := data.rfind(mark, len(data) - _LOOK_BACK)) >= 0:
            return at + len(mark)
    at = len(data)
    while at > len(data) - 4 and data[at - 1] & 0xC0 == 0x80:
        at -= 1
    return at - 1 if data[at - 1] >= 0xC0 else len(data)
