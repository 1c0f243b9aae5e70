"""Single blocks are read from the Parquet file as any reader would read them."""

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.errors import BadBundle

from .conftest import IPAMD, Room, zap

BIG = {
    "system/ps.txt": "".join(f"line {n} {'x' * 90}\n" for n in range(30_000)),
    IPAMD: "".join(zap(f"2026-01-10T10:{n // 60 % 60:02}:{n % 60:02}Z", f"caf\u00e9 {n}") for n in range(9_000)),
    "system/empty.txt": "",
}


def table_of(bundle: Bundle) -> list[dict[str, object]]:
    return pq.ParquetFile(bundle.folder / "text" / "0.parquet").read().to_pylist()


def test_each_block_is_what_pyarrow_reads_in_that_row(room: Room) -> None:
    bundle = room.admit(BIG)
    rows = table_of(bundle)
    assert len(rows) == len(bundle.blocks) > 5
    for ref, row in zip(bundle.blocks, rows, strict=True):
        assert bundle.block_text(ref).decode() == row["text"]
        assert (ref.file_id, ref.first_line, ref.n_lines) == (row["file_id"], row["first_line"], row["n_lines"])
        assert ref.ascii == str(row["text"]).isascii() and ref.size == len(str(row["text"]).encode())


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(["system/a.txt", "system/b.txt", IPAMD]), st.text(max_size=2000), min_size=1))
def test_any_text_comes_back(shared_room: Room, files: dict[str, str]) -> None:
    bundle = shared_room.admit({"system/instance-id.txt": "i-0123456789abcdef0\n", **files})
    assert [bundle.block_text(ref).decode() for ref in bundle.blocks] == [row["text"] for row in table_of(bundle)]


def test_damaged_text_is_told_with_a_remedy(room: Room) -> None:
    bundle = room.admit(BIG)
    path, ref = bundle.folder / "text" / "0.parquet", bundle.blocks[1]
    data = bytearray(path.read_bytes())
    data[ref.at : ref.at + ref.packed] = bytes(ref.packed)
    path.write_bytes(data)
    with pytest.raises(BadBundle, match="damaged") as told:
        Bundle(bundle.folder).block_text(ref)
    assert "Remove the bundle" in told.value.next_step
