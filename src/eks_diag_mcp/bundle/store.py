"""The store of one bundle: Parquet that anything can read, and the manifest that makes it whole.

text/0.parquet      a row a block: file_id, file, source, offset, first_line, n_lines, ts_min, ts_max, text
blocks/0.parquet    a row a block: the same without the text, and where its page lies in text/ (blocks.py)
grams/0.parquet     a row a block: which runs of letters occur in it (grams.py)
hits/0.parquet      a row a signature's hit: signature, source, file, line, ts
findings/0.parquet  a row a signature and source: counts, first and last time, quoted lines
loud/0.parquet      a row a file: the lines that may be of level warning or above (loud_lines.py)
queries/0.parquet   a row a runbook's query and file: counts by block, quoted lines (query_table.py)
manifest.json       files, coverage, clock anchors, versions, provenance; written last"""

import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ..errors import BadBundle, DiagError

SCHEMA_VERSION = 3
VERSION = f"v{SCHEMA_VERSION}"
"""The folder of a library in which bundles of this format lie."""


@dataclass(slots=True)
class Block:
    """Newline-aligned text of one file. Times are epoch milliseconds UTC; None where no line is stamped."""

    file_id: int
    file: str
    source: str
    offset: int
    first_line: int
    n_lines: int
    text: bytes
    ts_min: int | None = None
    ts_max: int | None = None


@dataclass(slots=True)
class FileEntry:
    """One member as the manifest tells of it. `same_as` names the file whose content it repeats (stored once)."""

    id: int
    path: str
    source: str
    size: int = 0
    lines: int = 0
    sha256: str = ""
    state: str = "present"
    detail: str = ""
    same_as: str | None = None
    first: str | None = None
    last: str | None = None
    masked: int = 0
    time: str | None = None
    """When it was copied (tar time): lines without a year are of the year before it, or of its own."""


@dataclass(slots=True)
class Manifest:
    """What a bundle is. Times are ISO 8601 UTC."""

    digest: str
    instance_id: str
    captured: str
    admitted: str
    boot: str | None = None
    aliases: list[str] = field(default_factory=list)
    files: list[FileEntry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    truncated: str = ""
    layout: str = "node-script"
    provenance: dict[str, str] = field(default_factory=dict)
    signatures: str = ""
    queries: str = ""
    redaction: int = 0
    schema: int = SCHEMA_VERSION

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        """The manifest that `dump` wrote. BadBundle for one of another version, and for what is none."""
        try:
            raw = json.loads(text)
            if raw.get("schema") == SCHEMA_VERSION:
                raw["files"] = [FileEntry(**entry) for entry in raw["files"]]
                return cls(**raw)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadBundle("The manifest of the stored bundle is damaged.", "Remove the bundle, then collect it again.") from error
        raise BadBundle("The stored bundle was written by another version.", "Collect or ingest it again.")


def iso(time: datetime | None) -> str | None:
    """A UTC time as the manifest writes it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if time else None


def from_iso(text: str | None) -> datetime | None:
    """The time that `iso` wrote."""
    return datetime.fromisoformat(text) if text else None


def millis(time: datetime | None) -> int | None:
    """Epoch milliseconds."""
    return round(time.timestamp() * 1000) if time else None


def from_millis(value: int | None) -> datetime | None:
    """The time of epoch milliseconds."""
    return datetime.fromtimestamp(value / 1000, UTC) if value is not None else None


def store_fault(error: BaseException) -> DiagError:
    """The library could not be written."""
    full = isinstance(error, OSError) and error.errno == 28
    return DiagError(
        "The library's disk is full." if full else f"The library could not be written ({type(error).__name__}).",
        "Free space or point EKS_DIAG_LIBRARY to another folder, then collect again; nothing half-written is kept.",
    )


def write_columns(path: Path, columns: dict[str, tuple[Any, Any]]) -> None:
    """One Parquet file from name -> (values, arrow type)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _pack(columns, path)


def packed_columns(columns: dict[str, tuple[Any, Any]]) -> bytes:
    """As `write_columns`, as the bytes of the file."""
    out = io.BytesIO()
    _pack(columns, out)
    return out.getvalue()


def _pack(columns: dict[str, tuple[Any, Any]], place: Path | IO[bytes]) -> None:
    from .arrow import pa, pq

    table = pa.table({name: pa.array(values, kind) for name, (values, kind) in columns.items()})
    pq.write_table(table, place, compression="zstd", row_group_size=1 << 20)


def unpacked(data: bytes) -> Any:
    """A Parquet file's bytes as one table."""
    from .arrow import pa, pq

    with pq.ParquetFile(pa.BufferReader(data)) as file:
        return file.read(use_threads=False)


def read_columns(path: Path, columns: Sequence[str] | None = None) -> Any:
    """A Parquet file as one table, or some columns of it. `pyarrow.parquet.read_table` would do, but brings in the query
    engine and its threads: 20 MB that nothing here needs. BadBundle where it is gone, cut or garbled."""
    from .arrow import pa, pq

    try:
        with pq.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
            return file.read(columns=columns, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise BadBundle(
            f"The table {path.parent.name}/ of the stored bundle is gone or damaged.", "Remove the bundle, then collect it again."
        ) from error


def publish(draft: Path, final: Path) -> bool:
    """Make a finished draft visible by one rename. False: another process was first, its bundle stands."""
    secure_tree(draft)
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.rename(draft, final)
    except OSError:
        if (final / "manifest.json").exists():
            return False
        raise
    return True


@contextmanager
def store_faults() -> Iterator[None]:
    """What the file system refuses becomes an error with a remedy."""
    try:
        yield
    except OSError as error:
        raise store_fault(error) from error


def secure_tree(folder: Path) -> None:
    """Folders 0700 and files 0600, all below and the folder itself."""
    folder.chmod(0o700)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def secure(paths: Iterable[Path]) -> None:
    """Folders 0700: a store holds other people's logs."""
    for path in paths:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
