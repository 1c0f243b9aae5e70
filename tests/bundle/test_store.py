"""A bundle is there or it is not: crashes, races, full disks, and what others may read."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from eks_diag_mcp.bundle.library import Library
from eks_diag_mcp.bundle.store import Manifest
from eks_diag_mcp.errors import BadBundle, DiagError

from .conftest import IPAMD, RULES, WALL, Room, counts, zap

LOG = "".join(zap("2026-01-10T10:00:00Z", f"no available IP addresses {n}") for n in range(15_000))
FILES = {"system/instance-id.txt": "i-0123456789abcdef0\n", IPAMD: LOG, "system/ps.txt": "x\n"}


def worker(library: Path, archive: Path, *hold: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bundle.worker", str(library), str(archive), *hold]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=Path(__file__).parents[2]
    )


def drafts(room: Room) -> list[Path]:
    return list((room.library.root / "drafts").iterdir())


def test_a_killed_admit_leaves_no_bundle_and_the_next_one_succeeds(room: Room) -> None:
    path = room.put(FILES)
    process = worker(room.home, path, "hold")
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    process.kill()
    process.communicate()
    assert room.library.instances() == [] and len(drafts(room)) == 1
    bundle = room.library.admit(path, now=lambda: 0.0, wall=WALL)
    assert counts(bundle) == {"ip.none": 15_000} and room.library.instances() == ["i-0123456789abcdef0"]
    [left] = drafts(room)
    born = left.stat().st_mtime
    assert room.library.sweep(60, born + 59) == 0 and drafts(room) == [left]
    assert room.library.sweep(60, born + 61) == 1 and drafts(room) == []


def test_two_processes_that_admit_the_same_archive_give_one_bundle(room: Room) -> None:
    path = room.put(FILES)
    pair = [worker(room.home, path, "hold") for _ in range(2)]
    for process in pair:
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
    told = [process.communicate("go on\n")[0].strip() for process in pair]  # both are in the middle when either goes on
    assert [process.returncode for process in pair] == [0, 0]
    assert told[0] == told[1] and drafts(room) == []
    [bundle] = room.library.bundles("i-0123456789abcdef0")
    assert str(bundle.folder) == told[0] and counts(bundle) == {"ip.none": 15_000}


def test_nobody_else_may_read_the_store(room: Room) -> None:
    bundle = room.admit(FILES, alias="node-a")
    modes = {
        p: stat.S_IMODE(p.stat().st_mode)
        for p in (room.library.root, *bundle.folder.parents[:1], bundle.folder, *bundle.folder.rglob("*"))
    }
    assert {m for p, m in modes.items() if p.is_dir()} == {0o700}
    assert {m for p, m in modes.items() if p.is_file()} == {0o600}


def test_the_store_is_open_data(room: Room) -> None:
    bundle = room.admit(FILES)
    text = ds.dataset(bundle.folder / "text", format="parquet").to_table().to_pylist()
    assert "".join(row["text"] for row in text if row["file"] == IPAMD) == LOG
    offset, line = 0, 1
    for row in (r for r in text if r["file"] == IPAMD):
        assert (row["offset"], row["first_line"], row["source"]) == (offset, line, "ipamd-log")
        offset, line = offset + len(row["text"].encode()), line + row["n_lines"]
    hits = ds.dataset(bundle.folder / "hits", format="parquet").to_table()
    assert hits.num_rows == 15_000 and set(hits["signature"].to_pylist()) == {"ip.none"}
    partitioned = ds.dataset(
        [str(p) for p in room.library.root.glob("instance=*/bundle=*/findings/*.parquet")], partitioning="hive"
    )
    assert partitioned.to_table()["instance"].to_pylist() == ["i-0123456789abcdef0"]


def test_the_manifest_comes_back_as_it_was_written_and_other_versions_are_refused(room: Room) -> None:
    bundle = room.admit(FILES)
    text = (bundle.folder / "manifest.json").read_text()
    assert Manifest.parse(text) == bundle.manifest and bundle.manifest.dump() == text
    with pytest.raises(BadBundle, match="another version"):
        Manifest.parse(text.replace('"schema":3', '"schema":1'))


@pytest.fixture
def small_disk():
    """A file system of 2 MB in memory."""
    folder = Path(tempfile.mkdtemp())
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False)
    except FileNotFoundError:
        mounted = None
    if mounted is None or mounted.returncode:
        folder.rmdir()
        pytest.skip("mount is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


@pytest.mark.parametrize("name", ["system/ps.txt", "var_log/aws-routed-eni/plugin.log"])
def test_a_full_disk_is_told_clearly_and_leaves_nothing(small_disk: Path, room: Room, name: str) -> None:
    noise = os.urandom(3 << 20).hex()
    library = Library(small_disk / "library", lambda: (RULES, "test"))
    path = room.put({name: "\n".join(noise[i : i + 100] for i in range(0, len(noise), 100))})
    with pytest.raises(DiagError) as refused:
        library.admit(path, now=lambda: 0.0, wall=WALL)
    assert refused.value.message == "The library's disk is full." and "Free space" in refused.value.next_step
    assert list((library.root / "drafts").iterdir()) == [] and library.instances() == []
    bundle = library.admit(room.put({"system/ps.txt": "x\n"}), now=lambda: 0.0, wall=WALL)
    assert bundle.entry("system/ps.txt").lines == 1


def test_a_library_that_may_not_be_written_is_told_without_its_path(room: Room) -> None:
    (room.inbox.parent / "file").write_text("x")
    library = Library(room.inbox.parent / "file" / "library", lambda: (RULES, "test"))
    with pytest.raises(DiagError, match="could not be written") as refused:
        library.admit(room.put(FILES), now=lambda: 0.0, wall=WALL)
    assert str(room.inbox.parent) not in str(refused.value)


class GivenUp(Exception):
    """What the door raises when the client went away."""


def test_a_checkpoint_that_raises_ends_the_admit_and_leaves_nothing(room: Room) -> None:
    calls = []

    def checkpoint() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise GivenUp

    with pytest.raises(GivenUp):
        room.admit(FILES, checkpoint=checkpoint)
    assert drafts(room) == [] and room.library.instances() == [] and len(calls) == 3
    assert counts(room.admit(FILES)) == {"ip.none": 15_000}
