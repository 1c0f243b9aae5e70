"""Where the pages of a Parquet column lie, so that one block can be read without the rest of its row group.

text/ is written with one row a page (store.py). A page is a header in Thrift's compact protocol, then one zstd frame: four
bytes of length and the text (Parquet's PLAIN encoding of a required column). The places are noted in blocks/ when a bundle
is admitted; reading a block is then one read of the file and one call of the decoder. Any other Parquet reader reads the
file as usual."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LENGTH_BYTES = 4
"""Before each value stands its length."""
_HEADER = 256
"""A page header without statistics takes some twenty bytes."""
_STOP, _TRUE, _FALSE, _STRUCT = 0, 1, 2, 12
_DATA_PAGE = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A data page: where its packed bytes begin in the file, how many they are, and how many they become."""

    at: int
    packed: int
    size: int


def pages_of(path: Path, column: str) -> Iterator[Page]:
    """The data pages of a column in order of rows."""
    from .arrow import pq

    with pq.ParquetFile(path) as file:
        meta, place = file.metadata, file.schema_arrow.names.index(column)
        chunks = [meta.row_group(group).column(place) for group in range(meta.num_row_groups)]
        spans = [(chunk.data_page_offset, chunk.total_compressed_size) for chunk in chunks]
    with path.open("rb") as raw:
        for start, size in spans:
            at, end = start, start + size
            while at < end:
                raw.seek(at)
                kind, unpacked, packed, length = _header(raw.read(_HEADER))
                at += length
                if kind == _DATA_PAGE:
                    yield Page(at, packed, unpacked)
                at += packed


def _header(data: bytes) -> tuple[int, int, int, int]:
    """(type, unpacked size, packed size, length of the header) of the page header that `data` begins with."""
    fields, at = _struct(data, 0)
    return fields[1], fields[2], fields[3], at


def _struct(data: bytes, at: int) -> tuple[dict[int, int], int]:
    """The integers of a struct by field, and where it ends; structs inside are passed over."""
    fields: dict[int, int] = {}
    number = 0
    while (head := data[at]) & 15 != _STOP:
        kind, step, at = head & 15, head >> 4, at + 1
        if step:
            number += step
        else:
            raw, at = _varint(data, at)
            number = _signed(raw)
        if kind == _STRUCT:
            _, at = _struct(data, at)
        elif kind not in (_TRUE, _FALSE):
            raw, at = _varint(data, at)
            fields[number] = _signed(raw)
    return fields, at + 1


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
