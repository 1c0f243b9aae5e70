"""Reads a log bundle as a stream of members. Nothing is ever extracted: a member's name is data, its bytes go by once.

Defences (threats.md 1-6): only regular files, no sparse ones, limits on entries, sizes, ratio, time and headers, names made
harmless, the gzip stream read to its very end so that a cut tail shows."""

import hashlib
import io
import re
import tarfile
import unicodedata
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, cast

from ..errors import BadBundle
from .streams import DAMAGE, Gunzip, Meter, Readable
from .tar_header import Header

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one bundle. A busy node's bundle holds 1-2 GB unpacked; logs pack 5 to 60 times, runs of equal lines more."""

    entries: int = 20_000
    total_bytes: int = 8 << 30
    member_bytes: int = 3 << 30
    ratio: int = 400
    ratio_from_bytes: int = 256 << 20
    seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file on its way by. `read` gives its bytes once, in order, and raises one of DAMAGE after the last of
    them where the file is cut; `size` is what the tar declares; `time` is the tar time (the copy's)."""

    name: str
    size: int
    time: datetime | None
    read: Callable[[int], bytes]


@dataclass(slots=True)
class Account:
    """What the reading found out beside the members."""

    entries: int = 0
    files: int = 0
    bytes_out: int = 0
    notes: list[str] = field(default_factory=list)
    truncated: str = ""
    """Why the archive could not be read to its end; empty when it was."""
    times: list[datetime] = field(default_factory=list)

    def note(self, text: str) -> None:
        if len(self.notes) < 50:
            self.notes.append(text)

    @property
    def newest(self) -> datetime | None:
        """The end of the collection: the newest tar time, without those far after most others (a collection takes minutes)."""
        if not self.times:
            return None
        return self.times[bisect_right(self.times, self.times[len(self.times) // 2] + timedelta(days=1)) - 1]


class LimitBroken(tarfile.TarError):
    """The archive asks for more than Limits allow."""


class DigestReader(io.RawIOBase):
    """A raw stream that counts and digests what is read through it."""

    def __init__(self, raw: Readable) -> None:
        self._raw, self.count, self.sha256 = raw, 0, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self._raw.read(len(view))
        view[: len(data)] = data
        self.count += len(data)
        self.sha256.update(data)
        return len(data)


def normal_name(name: str) -> str:
    """A member name as a harmless path: no root, no `.` or `..`, controls shown, NFC, parts and whole of bounded length."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8", "replace"))
    parts = [p for p in re.split(r"[/\\]+", text) if p not in ("", ".", "..")]
    shown = ["".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in part)[:255] for part in parts]
    return "/".join(shown)[:1024]


class Archive:
    """A tar, plain or gzipped, opened as a stream. `members` may be walked once; `account` is complete afterwards."""

    def __init__(self, raw: IO[bytes], limits: Limits, checkpoint: Callable[[], None], now: Callable[[], float]) -> None:
        self.account, self._limits = Account(), limits
        self._check, self._now, self._started = checkpoint, now, now()
        self.packed = DigestReader(raw)
        self._names: set[str] = set()

    def members(self) -> Iterator[Member]:
        """The regular files in archive order. Damage ends the walk and is told in `account.truncated`."""
        buffered = io.BufferedReader(self.packed, CHUNK)
        head = buffered.peek(2)[:2]
        if head == b"PK":
            raise BadBundle("This is a zip archive (a Windows node's bundle?).", "Only Linux node bundles (.tar.gz) can be read.")
        stream = Meter(Gunzip(buffered) if head == b"\x1f\x8b" else buffered, self._count)
        try:
            yield from self._walk(stream, prefix="")
            while stream.read(CHUNK):  # the checksum stands at the very end, and a cut tail shows only there
                pass
        except DAMAGE as error:
            stream.fault = stream.fault or error
        if stream.fault is not None and not self.account.truncated:
            self.account.truncated = f"the archive is damaged or cut: {_plain(stream.fault)}"
        if not self.account.files:
            raise BadBundle("The archive holds no readable file.", "Check that it is a tar.gz written by the log collector.")

    def _walk(self, stream: Meter, prefix: str) -> Iterator[Member]:
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|", bufsize=CHUNK, errorlevel=1, tarinfo=Header) as tar:
            for info in tar:
                tar.members.clear()  # type: ignore[attr-defined]
                self._check()
                self.account.entries += 1
                if self.account.entries > self._limits.entries:
                    self._break(f"more than {self._limits.entries} entries")
                body = cast(Readable, tar.fileobj)
                yield from self._entry(normal_name(prefix + info.name), info, _Body(body, info.size, stream))
                while (left := tar.offset - tar.fileobj.tell()) > 0:
                    # tarfile would count to a declared size of exabytes even where the stream has ended.
                    if not body.read(min(left, CHUNK)):
                        raise tarfile.ReadError("the archive is cut")

    def _entry(self, name: str, info: tarfile.TarInfo, body: "_Body") -> Iterator[Member]:
        if info.isdir() or not name:
            return
        if not info.isreg() or info.issparse():
            self.account.note(f"{name}: {_kind(info)}, not read")
        elif info.size > self._limits.member_bytes:
            self.account.note(f"{name}: declared {info.size} bytes, above the limit, not read")
        else:
            yield from self._member(name, info, body)

    def _member(self, name: str, info: tarfile.TarInfo, body: "_Body") -> Iterator[Member]:
        time = _tar_time(info.mtime)
        if time:
            insort(self.account.times, time)
        if name.endswith((".tar.gz", ".tgz")):
            yield from self._nested(name, body)
            return
        self.account.files += 1
        packed = name.endswith(".gz")
        yield Member(self._unique(name), info.size, time, Meter(Gunzip(body), self._count).read_or_raise if packed else body.read)

    def _nested(self, name: str, body: "_Body") -> Iterator[Member]:
        """An archive inside the archive (Bottlerocket's logdog): one level is opened, deeper ones are only named."""
        if name.count(".tar.gz") + name.count(".tgz") > 1:
            self.account.note(f"{name}: nested too deep, not read")
            return
        stream = Meter(Gunzip(body), self._count)
        try:
            yield from self._walk(stream, prefix=name + "/")
            while stream.read_or_raise(CHUNK):
                pass
        except DAMAGE as error:
            if isinstance(error, LimitBroken):
                raise
            self.account.note(f"{name}: cut or damaged: {_plain(stream.fault or error)}")

    def _count(self, size: int) -> None:
        """Told of all bytes that come out of a stream: the limits."""
        self.account.bytes_out += size
        out, limits = self.account.bytes_out, self._limits
        if out > limits.total_bytes:
            self._break(f"more than {limits.total_bytes} bytes unpacked")
        if out > limits.ratio_from_bytes and out > limits.ratio * max(1, self.packed.count):
            self._break(f"unpacks more than {limits.ratio} times")
        if self._now() - self._started > limits.seconds:
            self._break(f"took longer than {limits.seconds:.0f} s to read")
        self._check()

    def _break(self, why: str) -> None:
        self.account.truncated = f"reading stopped: {why}"
        raise LimitBroken(why)

    def _unique(self, name: str) -> str:
        given, count = name, 1
        while given in self._names:
            count += 1
            given = f"{name} ({count})"
        if count > 1:
            self.account.note(f"{name}: the name occurs again; kept as number {count}")
        self._names.add(given)
        return given


class _Body:
    """The bytes of one member, read off the tar's stream."""

    def __init__(self, stream: Readable, size: int, meter: Meter) -> None:
        self._stream, self._left, self._meter = stream, size, meter

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes. Raises one of DAMAGE where the archive ends before the member does."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted) if wanted > 0 else b""
        self._left -= len(data)
        if wanted > 0 and not data:
            raise self._meter.fault or tarfile.ReadError("the archive is cut")
        return data


def _tar_time(mtime: float) -> datetime | None:
    """The tar time where it can be one (after 2015); the epoch and garbage are no clock."""
    try:
        return datetime.fromtimestamp(mtime, UTC) if mtime > 1_420_000_000 else None
    except (OverflowError, OSError, ValueError):
        return None


def _kind(info: tarfile.TarInfo) -> str:
    if info.issparse():
        return "sparse file"
    names = {
        tarfile.SYMTYPE: "symlink",
        tarfile.LNKTYPE: "hard link",
        tarfile.FIFOTYPE: "FIFO",
        tarfile.CHRTYPE: "device",
        tarfile.BLKTYPE: "device",
    }
    return names.get(info.type, "special file")


def _plain(error: BaseException) -> str:
    """The kind of damage without paths or internals."""
    text = re.sub(r"\s+", " ", str(error))[:80]
    return text or type(error).__name__
