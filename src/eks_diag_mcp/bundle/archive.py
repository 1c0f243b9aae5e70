"""Reads a log bundle as a stream of members. Nothing is ever extracted: a member's name is data, its bytes go by once.

Defences (threats.md 1-6): only regular files, no sparse ones, limits on entries, sizes, ratio and time, names made harmless,
the gzip stream read to its very end so that a cut tail shows."""

import hashlib
import io
import re
import tarfile
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Protocol, cast

from isal import igzip, isal_zlib

from ..errors import BadBundle

CHUNK = 1 << 20
DAMAGE: tuple[type[Exception], ...] = (
    tarfile.TarError,
    EOFError,
    OSError,
    zlib.error,
    cast(type[Exception], isal_zlib.error),
    ValueError,
    UnicodeError,
)
"""What a damaged archive raises while it is read."""


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
    """One regular file on its way by. `read` gives its bytes once, in order; `time` is the tar time (the copy's)."""

    name: str
    size: int
    time: datetime | None
    read: Callable[[int], bytes]


@dataclass(slots=True)
class Account:
    """What the reading found out beside the members."""

    entries: int = 0
    bytes_out: int = 0
    notes: list[str] = field(default_factory=list)
    truncated: str = ""
    """Why the archive could not be read to its end; empty when it was."""
    newest: datetime | None = None

    def note(self, text: str) -> None:
        if len(self.notes) < 50:
            self.notes.append(text)


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class DigestReader(io.RawIOBase):
    """A raw stream that counts and digests what is read through it."""

    def __init__(self, raw: _Readable) -> None:
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
        self._names: dict[str, int] = {}

    def members(self) -> Iterator[Member]:
        """The regular files in archive order. Damage ends the walk and is told in `account.truncated`."""
        buffered = io.BufferedReader(self.packed, CHUNK)
        head = buffered.peek(2)[:2]
        if head[:2] == b"PK":
            raise BadBundle("This is a zip archive (a Windows node's bundle?).", "Only Linux node bundles (.tar.gz) can be read.")
        stream = _gunzip(buffered) if head == b"\x1f\x8b" else buffered
        try:
            yield from self._walk(stream, prefix="")
            self._drain(stream)
        except DAMAGE as error:
            self.account.truncated = self.account.truncated or f"the archive is damaged or cut: {_plain(error)}"
        if not self.account.entries:
            raise BadBundle("The archive holds no readable file.", "Check that it is a tar.gz written by the log collector.")

    def _walk(self, stream: IO[bytes], prefix: str) -> Iterator[Member]:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK, errorlevel=1) as tar:
            for info in tar:
                tar.members.clear()  # type: ignore[attr-defined]
                self._check()
                self.account.entries += 1
                if self.account.entries > self._limits.entries:
                    self._stop(f"more than {self._limits.entries} entries")
                name = normal_name(prefix + info.name)
                if info.isdir() or not name:
                    continue
                if not info.isreg() or info.issparse():
                    self.account.note(f"{name}: {_kind(info)}, not read")
                    continue
                handle = tar.extractfile(info)
                if handle is not None:
                    yield from self._member(name, info, handle)

    def _member(self, name: str, info: tarfile.TarInfo, handle: IO[bytes]) -> Iterator[Member]:
        if info.size > self._limits.member_bytes:
            self.account.note(f"{name}: declared {info.size} bytes, above the limit, not read")
            return
        time = _tar_time(info.mtime)
        if time and (self.account.newest is None or time > self.account.newest):
            self.account.newest = time
        if name.endswith((".tar.gz", ".tgz")):
            yield from self._nested(name, handle)
            return
        if name.endswith(".gz"):
            yield Member(self._unique(name), info.size, time, self._counted(_gunzip(handle)))
        else:
            yield Member(self._unique(name), info.size, time, self._counted(handle))

    def _nested(self, name: str, handle: IO[bytes]) -> Iterator[Member]:
        """An archive inside the archive (Bottlerocket's logdog): one level is opened, deeper ones are only named."""
        if name.count(".tar.gz") + name.count(".tgz") > 1:
            self.account.note(f"{name}: nested too deep, not read")
            return
        try:
            yield from self._walk(_gunzip(handle), prefix=name + "/")
        except DAMAGE as error:
            self.account.note(f"{name}: {_plain(error)}")

    def _counted(self, handle: _Readable) -> Callable[[int], bytes]:
        def read(size: int) -> bytes:
            data = handle.read(size)
            self.account.bytes_out += len(data)
            self._guard()
            return data

        return read

    def _guard(self) -> None:
        out, limits = self.account.bytes_out, self._limits
        if out > limits.total_bytes:
            self._stop(f"more than {limits.total_bytes} bytes unpacked")
        if out > limits.ratio_from_bytes and out > limits.ratio * max(1, self.packed.count):
            self._stop(f"unpacks more than {limits.ratio} times")
        if self._now() - self._started > limits.seconds:
            self._stop(f"took longer than {limits.seconds:.0f} s to read")
        self._check()

    def _stop(self, why: str) -> None:
        self.account.truncated = f"reading stopped: {why}"
        raise tarfile.ReadError(why)

    def _unique(self, name: str) -> str:
        count = self._names[name] = self._names.get(name, 0) + 1
        if count == 1:
            return name
        self.account.note(f"{name}: the name occurs again; kept as number {count}")
        return f"{name} ({count})"

    def _drain(self, stream: _Readable) -> None:
        """Read to the end of the gzip stream: its checksum stands there, and a cut tail shows only there."""
        while data := stream.read(CHUNK):
            self.account.bytes_out += len(data)
            self._guard()


def _gunzip(handle: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], igzip.IGzipFile(fileobj=handle))  # type: ignore[no-untyped-call]


def _tar_time(mtime: float) -> datetime | None:
    """The tar time where it can be one (after 2015); the epoch and garbage are no clock."""
    try:
        return datetime.fromtimestamp(mtime, UTC) if mtime > 1_420_000_000 else None
    except (OverflowError, OSError, ValueError):
        return None


def _kind(info: tarfile.TarInfo) -> str:
    if info.issparse():
        return "sparse file"
    names = {tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hard link", tarfile.FIFOTYPE: "FIFO", tarfile.CHRTYPE: "device", tarfile.BLKTYPE: "device"}
    return names.get(info.type, "special file")


def _plain(error: BaseException) -> str:
    """The kind of damage without paths or internals."""
    text = re.sub(r"\s+", " ", str(error))[:80]
    return text or type(error).__name__
