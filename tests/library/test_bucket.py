"""A library in a bucket answers as one in a folder does, and reads no more of it than it needs."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.bundle.query import Query
from eks_diag_mcp.bundle.search import in_order, search

from ..bundle.conftest import EVER, IPAMD, WALL, Room, counts, hits, no_budget, zap
from .conftest import NODE, PREFIX, Cloud


def noise(lines: int, seed: int) -> str:
    """Lines that do not pack well, each with its number."""
    given = random.Random(seed)
    return "".join(f"line {n} {given.randbytes(60).hex()}\n" for n in range(lines))


FILES = {
    "system/instance-id.txt": f"{NODE}\n",
    IPAMD: "".join(zap("2026-01-10T10:00:00Z", f"no available IP addresses {n}") for n in range(300)),
    "system/ps.txt": noise(20_000, 1) + "the needle lies here\n" + noise(20_000, 2),
}


def admit(library, archive: Path, **how) -> Bundle:
    return library.admit(archive, now=lambda: 0.0, wall=WALL, **how)


def found(bundle: Bundle, text: str) -> list[tuple[str, int, list[str]]]:
    """(file, count, lines) of a search."""
    result = search(bundle, Query(text), in_order(bundle, None), EVER, no_budget())
    return [
        (f.entry.path, f.count, [line for number, _ in f.lines[:5] for _, line in bundle.lines(f.entry.path, number, 1)])
        for f in result.files
    ]


def test_a_bundle_in_a_bucket_has_the_keys_and_gives_the_answers_of_one_in_a_folder(cloud: Cloud, room: Room, archive: Path) -> None:
    on_disk = admit(room.library, archive)
    admit(cloud.library(), archive)
    fresh = cloud.library()
    [in_bucket] = fresh.bundles(NODE)
    names = sorted(p.relative_to(room.home).as_posix() for p in on_disk.folder.rglob("*") if p.is_file())
    assert cloud.keys() == [f"{PREFIX}/{name}" for name in names] and len(names) == 7
    assert in_bucket.manifest == on_disk.manifest and fresh.instances() == room.library.instances() == [NODE]
    assert counts(in_bucket) == counts(on_disk) == {"ip.none": 300} and hits(in_bucket) == hits(on_disk)
    for text in ("needle", "no available IP", "line 19999 .*a"):
        assert found(in_bucket, text) == found(on_disk, text) != []
    assert [in_bucket.block_text(ref) for ref in in_bucket.blocks] == [on_disk.block_text(ref) for ref in on_disk.blocks]
