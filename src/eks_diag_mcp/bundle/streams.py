"""Byte streams of an archive: gunzip that gives out all that stands before the damage, and a meter that stops a bomb."""

import tarfile
import zlib
from collections.abc import Callable
from typing import Protocol, cast

from isal import igzip_lib

DAMAGE: tuple[type[Exception], ...] = (
    tarfile.TarError,
    EOFError,
    OSError,
    zlib.error,
    cast(type[Exception], igzip_lib.IsalError),
    ValueError,
    OverflowError,
    IndexError,
    RecursionError,
)
"""What a damaged archive raises while it is read; tarfile raises the last ones on headers made to confuse it."""
_STEP = 64 << 10
"""Bytes unpacked at a time: the decoder drops what it made in the call that finds the damage, so the steps are small."""


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Gunzip:
    """Unpacks gzip, one part after another, and checks each part's sum. A cut is raised after all bytes before it."""

    def __init__(self, raw: Readable) -> None:
        self._raw, self._waiting = raw, b""
        self._unpack = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, at least one; none at the end. Raises one of DAMAGE."""
        most = _STEP if size < 0 else min(size, _STEP)
        while True:
            if self._unpack.eof and not self._next_part():
                return b""
            packed = b""
            if self._unpack.needs_input:
                packed, self._waiting = self._waiting or self._raw.read(_STEP), b""
                if not packed:
                    raise EOFError("the gzip stream is cut")
            if data := self._unpack.decompress(packed, most):
                return data

    def _next_part(self) -> bool:
        """Start the part that follows; zeros that pad the end are passed over."""
        packed = self._unpack.unused_data.lstrip(b"\0")
        while len(packed) < 2 and (more := self._raw.read(_STEP)):
            packed = (packed + more).lstrip(b"\0")
        if packed and packed[:2] != b"\x1f\x8b":
            raise ValueError("something follows the gzip stream")
        if packed:
            self._waiting = packed
            self._unpack = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        return bool(packed)


class Meter:
    """A stream that counts what is read through it and ends, instead of raising, at damage or at a broken limit.

    tarfile drops what it has gathered when its stream raises; a stream that just ends loses nothing. `fault` says why it
    ended early. `count` is told of every byte and raises one of DAMAGE where a limit is broken; anything else passes."""

    def __init__(self, raw: Readable, count: Callable[[int], None]) -> None:
        self._raw, self._count = raw, count
        self.fault: Exception | None = None

    def read(self, size: int = -1, /) -> bytes:
        """`size` bytes, or what is left of them."""
        parts: list[bytes] = []
        left = size if size >= 0 else _STEP
        while left and self.fault is None:
            try:
                data = self._raw.read(left)
                self._count(len(data))
            except DAMAGE as error:
                self.fault = error
                break
            if not data:
                break
            parts.append(data)
            left -= len(data)
        return b"".join(parts)

    def read_or_raise(self, size: int) -> bytes:
        """As `read`; where the stream ended too early, that is raised once its bytes are given out."""
        data = self.read(size)
        if not data and self.fault is not None:
            raise self.fault
        return data
