"""A library in a bucket answers as one in a folder does, and reads no more of it than it needs."""

import random
import stat
from pathlib import Path

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.bundle.library import Library
from eks_diag_mcp.bundle.object_home import FRESH_S, ObjectHome
from eks_diag_mcp.bundle.query import Query
from eks_diag_mcp.bundle.range_cache import AHEAD, PIECE_BYTES
from eks_diag_mcp.bundle.rules import LineRule
from eks_diag_mcp.bundle.search import in_order, search
from eks_diag_mcp.bundle.store import Manifest

from ..bundle.conftest import EVER, IPAMD, RULES, WALL, Room, counts, hits, no_budget, zap
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


def library_of(home: ObjectHome) -> Library:
    return Library(home, lambda: (RULES, "test"))


def found(bundle: Bundle, text: str) -> list[tuple[str, int, list[str]]]:
    """(file, count, lines) of a search."""
    result = search(bundle, Query(text), in_order(bundle, None), EVER, no_budget())
    return [
        (f.entry.path, f.count, [line for number, _ in f.lines[:5] for _, line in bundle.lines(f.entry.path, number, 1)])
        for f in result.files
    ]


def test_a_bundle_in_a_bucket_has_the_keys_and_gives_the_answers_of_one_in_a_folder(
    cloud: Cloud, room: Room, archive: Path
) -> None:
    on_disk = admit(room.library, archive)
    admit(cloud.library(), archive)
    fresh = cloud.library()
    [in_bucket] = fresh.bundles(NODE)
    names = sorted(p.relative_to(room.home).as_posix() for p in on_disk.folder.rglob("*") if p.is_file())
    assert cloud.names() == [f"{PREFIX}/{name}" for name in names] and len(names) == 8
    assert in_bucket.manifest == on_disk.manifest and fresh.instances() == room.library.instances() == [NODE]
    assert counts(in_bucket) == counts(on_disk) == {"ip.none": 300} and hits(in_bucket) == hits(on_disk)
    for text in ("needle", "no available IP", "line 19999 .*a"):
        assert found(in_bucket, text) == found(on_disk, text) != []
    assert [in_bucket.block_text(ref) for ref in in_bucket.blocks] == [on_disk.block_text(ref) for ref in on_disk.blocks]


def ranged(cloud: Cloud) -> list[int]:
    """The sizes of the parts of text/ that were asked for, in bytes."""
    asked = [c["Range"] for c in cloud.aws.called("s3:GetObject") if c["Key"].endswith("text/0.parquet")]
    return [int(end) - int(start) + 1 for start, end in (r.removeprefix("bytes=").split("-") for r in asked)]


def test_a_search_reads_only_the_part_of_the_text_in_which_its_words_occur(cloud: Cloud, archive: Path) -> None:
    admit(cloud.library(), archive)
    [bundle] = cloud.library().bundles(NODE)
    cloud.aws.calls.clear()
    assert [count for _, count, _ in found(bundle, "needle")] == [1]
    whole = sum(ref.packed for ref in bundle.blocks)
    [page] = [ref for ref in bundle.blocks if b"needle" in bundle.block_text(ref)]
    assert whole > 2_000_000, "the text is much larger than what may be read of it"
    cloud.aws.calls.clear()
    [again] = cloud.library().bundles(NODE)
    assert [count for _, count, _ in found(again, "needle")] == [1]
    assert len(ranged(cloud)) <= 2 and page.packed <= sum(ranged(cloud)) <= page.packed + 2 * PIECE_BYTES
    read = {c["Key"].rpartition("bundle=")[2].partition("/")[2] for c in cloud.aws.called("s3:GetObject")}
    assert read == {"manifest.json", "blocks/0.parquet", "grams/0.parquet", "text/0.parquet"}


def test_text_that_is_read_in_order_comes_in_large_parts_and_once(cloud: Cloud, archive: Path) -> None:
    admit(cloud.library(), archive)
    [bundle] = cloud.library().bundles(NODE)
    cloud.aws.calls.clear()
    for ref in bundle.blocks:
        bundle.block_text(ref)
    whole = sum(ref.packed for ref in bundle.blocks)
    assert whole <= sum(ranged(cloud)) <= whole + AHEAD * PIECE_BYTES
    assert len(ranged(cloud)) <= 2 + 2 * whole / (AHEAD * PIECE_BYTES)


def test_what_was_fetched_stays_in_the_mirror_for_its_owner_alone(cloud: Cloud, archive: Path) -> None:
    admit(cloud.library(), archive)
    home = cloud.home()
    [bundle] = library_of(home).bundles(NODE)
    assert counts(bundle) == {"ip.none": 300} and bundle.folder.is_dir()
    mirror = home.root.parent
    kept = [p for p in mirror.rglob("*") if p.is_file()]
    assert sorted(p.parent.name for p in kept if p.suffix == ".parquet") == [
        "blocks",
        "findings",
        "grams",
        "hits",
        "loud",
        "queries",
    ]
    assert {stat.S_IMODE(p.stat().st_mode) for p in kept} == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in mirror.rglob("*") if p.is_dir()} == {0o700}
    cloud.aws.calls.clear()
    [after_restart] = library_of(ObjectHome(cloud.store(), mirror)).bundles(NODE)
    assert counts(after_restart) == {"ip.none": 300} and hits(after_restart) == hits(bundle)
    assert cloud.aws.called("s3:GetObject") == []


def test_the_mirror_keeps_what_was_used_last(cloud: Cloud, room: Room) -> None:
    other = "i-0aaaaaaaaaaaaaaaa"
    for node in (NODE, other):
        admit(cloud.library(), room.put(FILES | {"system/instance-id.txt": f"{node}\n"}, f"{node}.tar.gz"))
    home = cloud.home(mirror_bytes=1)
    for node in (NODE, other):
        [bundle] = library_of(home).bundles(node)
        assert counts(bundle) == {"ip.none": 300}
    assert [p.name for p in home.root.glob("instance=*") if list(p.glob("bundle=*"))] == [f"instance={other}"]


def test_what_another_server_indexed_anew_is_seen_here(cloud: Cloud, archive: Path) -> None:
    time = [0.0]
    admit(cloud.library(), archive)
    here = library_of(cloud.home(now=lambda: time[0]))
    assert counts(here.bundles(NODE)[0]) == {"ip.none": 300}
    rules = (LineRule("ps.needle", r"the needle"),)
    other = Library(cloud.home(), lambda: (rules, "newer"), patterns=cloud.compiled)
    [bundle] = other.bundles(NODE)
    other.reindex(bundle)
    assert counts(bundle) == {"ps.needle": 1} and hits(bundle) == {"ps.needle": [("system/ps.txt", 20_001)]}
    assert counts(here.bundles(NODE)[0]) == {"ip.none": 300}, "listings are believed for a moment"
    time[0] += FRESH_S + 0.1
    [now] = here.bundles(NODE)
    assert counts(now) == {"ps.needle": 1} and now.manifest.signatures == "newer" and hits(now) == hits(bundle)


def test_names_that_two_servers_give_at_once_are_both_kept(cloud: Cloud, archive: Path) -> None:
    one, two = cloud.library(), cloud.library()
    admit(one, archive)
    [bundle] = one.bundles(NODE)

    def slowly(manifest: Manifest) -> None:
        """The other server writes between this one's reading and writing."""
        if not two.bundles("node-b"):
            admit(two, archive, alias="node-b")
        manifest.aliases.append("node-a")

    bundle.change_manifest(slowly)
    assert bundle.manifest.aliases == ["node-b", "node-a"]
    assert [cloud.library().bundles(name)[0].manifest.aliases for name in ("node-a", "node-b")] == [["node-b", "node-a"]] * 2


def test_facts_that_one_server_keeps_beside_a_bundle_are_there_for_another(cloud: Cloud, archive: Path) -> None:
    admit(cloud.library(), archive).keep_beside("facts.json", '{"region":"eu-west-1"}')
    [bundle] = cloud.library().bundles(NODE)
    assert bundle.beside("facts.json") == '{"region":"eu-west-1"}' and bundle.beside("other.json") is None
