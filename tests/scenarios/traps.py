"""What hostile archives are made of: the register of traps, and tars written member by member."""

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from . import bundle

WHEN = datetime(2026, 11, 20, 14, 30, 20, tzinfo=UTC)
MIB = 1 << 20
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Trap:
    """One hostile archive: how it is made, and what a careful reader does with it."""

    name: str
    make: Callable[[], bytes]
    meaning: str


TRAPS: dict[str, Trap] = {}


def trap(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Registers a maker under its name; its docstring is the meaning."""
    name = make.__name__.replace("_", "-")
    TRAPS[name] = Trap(name, make, " ".join((make.__doc__ or "").split()))
    return make


@cache
def healthy() -> dict[str, bytes]:
    return bundle.load("healthy-1-20").files()


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime, info.type, info.linkname = len(data), 0o644, int(WHEN.timestamp()), kind, link
    return info, data


Members = Iterator[tuple[tarfile.TarInfo, bytes]]


def tar(extra: Members, base: dict[str, bytes] | None = None) -> bytes:
    """A plain tar of the healthy node's files and then the extra members."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in sorted((healthy() if base is None else base).items()):
            info, content = member(f"./{name}", data)
            tar.addfile(info, io.BytesIO(content))
        for info, content in extra:
            tar.addfile(info, io.BytesIO(content) if content else None)
    return raw.getvalue()


def open_end() -> bytes:
    """The healthy node's tar without the two zero blocks that end it: hand-made members may follow."""
    with tarfile.open(fileobj=io.BytesIO(data := tar(iter(())))) as archive:
        last = archive.getmembers()[-1]
    end = last.offset_data + last.size
    return data[: end + -end % BLOCK]


def gz(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=6, mtime=int(WHEN.timestamp()))


def zeros(mib: int) -> bytes:
    """That many MiB of zeros, gzipped, without holding them."""
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=9, mtime=0) as out:
        for _ in range(mib):
            out.write(bytes(MIB))
    return raw.getvalue()
