"""Whose bundle it is, by which names it is found, and who is at work on it."""

import gzip
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from eks_diag_mcp.bundle.archive import Limits
from eks_diag_mcp.bundle.leases import STALE_S, Lease
from eks_diag_mcp.bundle.library import Library, file_digest
from eks_diag_mcp.bundle.reindex import reindex
from eks_diag_mcp.bundle.rules import LineRule, PatternSet
from eks_diag_mcp.bundle.scan import all_patterns
from eks_diag_mcp.errors import BadBundle, BadInput, UnknownInstance

from .conftest import CAPTURED, IPAMD, RULES, WALL, Room, counts, hits, tar, zap

ONE, TWO = "i-0123456789abcdef0", "i-0fedcba9876543210"
RUN = "0f3c1a2b-1111-2222-3333-444455556666"
FILES = {"system/instance-id.txt": f"{ONE}\n", IPAMD: zap("2026-01-10T10:00:00Z", "no available IP addresses PASSWORD=hunter22")}
NAMELESS = {IPAMD: FILES[IPAMD]}


# ---- identity -------------------------------------------------------------------------------------------------------
def test_the_same_bytes_twice_are_one_bundle_whatever_they_are_called(room: Room) -> None:
    first = room.admit(FILES)
    again = room.admit(room.put(FILES).read_bytes(), f"eks_{ONE}_{RUN}.tar.gz")
    assert again.folder == first.folder and len(room.library.bundles(ONE)) == 1
    assert room.library.by_digest(file_digest(room.inbox / "bundle.tar.gz")) is first


def test_a_damaged_archive_is_known_again_by_its_own_digest(room: Room) -> None:
    data = gzip.compress(tar({**FILES, "system/ps.txt": bytes(range(256)) * 9000}))[:-3000]
    bundle = room.admit(data)
    assert bundle.manifest.truncated and bundle.digest == file_digest(room.inbox / "bundle.tar.gz")
    assert room.admit(data).folder == bundle.folder


def test_an_archive_that_was_not_read_to_its_end_is_known_again_too(tmp_path) -> None:
    room = Room(tmp_path, Limits(total_bytes=1 << 20))
    data = gzip.compress(tar({**FILES, "system/ps.txt": os.urandom(4 << 20)}))
    bundle = room.admit(data)
    assert "reading stopped" in bundle.manifest.truncated
    digest = file_digest(room.inbox / "bundle.tar.gz")
    assert bundle.digest == digest and room.library.by_digest(digest) is bundle is room.admit(data)


@pytest.mark.parametrize(
    ("content", "name", "how", "instance", "aliases"),
    [
        (FILES, "bundle.tar.gz", {}, ONE, []),
        (NAMELESS, f"eks_{ONE}_{RUN}.tar.gz", {}, ONE, []),
        (NAMELESS, f"eks_{ONE}_2026-01-10_1200-UTC_0.7.9.tar.gz", {"alias": "node-a"}, ONE, ["node-a"]),
        (NAMELESS, "bundle.tar.gz", {"alias": "node-a"}, "node-a", []),
        (NAMELESS, "bundle.tar.gz", {"expect": ONE}, ONE, []),
        (FILES, "ip-10-0-1-2.ec2.internal-logs.tar.gz", {}, ONE, ["ip-10-0-1-2.ec2.internal"]),
        (FILES, "bundle.tar.gz", {"expect": "ip-10-0-1-2.ec2.internal"}, ONE, ["ip-10-0-1-2.ec2.internal"]),
        ({**NAMELESS, "system/instance-id.txt": "curl: (7) Failed to connect\n"}, f"eks_{ONE}_{RUN}.tar.gz", {}, ONE, []),
    ],
)
def test_a_bundle_is_of_the_node_it_says_and_found_by_the_names_it_came_with(
    room: Room, content, name, how, instance, aliases
) -> None:
    bundle = room.admit(content, name, **how)
    assert (bundle.instance_id, bundle.manifest.aliases) == (instance, aliases)
    for known in (instance, *aliases):
        assert room.library.bundle(known).digest == bundle.digest
        assert Library(room.home, lambda: (RULES, "test")).bundle(known).digest == bundle.digest


def test_a_bundle_of_which_nothing_tells_the_node_has_a_name_all_the_same(room: Room) -> None:
    bundle = room.admit(NAMELESS)
    assert bundle.instance_id == f"unknown-{bundle.digest[:12]}"


@pytest.mark.parametrize(
    "how", [{"name": f"eks_{TWO}_{RUN}.tar.gz"}, {"expect": TWO}, {"name": f"eks_{TWO}_{RUN}.tar.gz", "expect": ONE}]
)
def test_a_bundle_under_another_nodes_name_is_refused_also_when_it_is_known(room: Room, how: dict) -> None:
    for _ in range(2):
        with pytest.raises(BadBundle, match=f"is of {ONE}, but it came as {TWO}"):
            room.admit(FILES, **how)
        assert TWO not in room.library.instances() and not room.library.bundles(TWO)
        room.admit(FILES)


def test_an_alias_joins_a_bundle_that_is_there_and_survives(room: Room) -> None:
    room.admit(FILES)
    room.admit(FILES, alias="node-a")
    room.admit(FILES, alias="node-a")
    assert Library(room.home, lambda: (RULES, "test")).bundle("node-a").manifest.aliases == ["node-a"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", "x" * 129, "a*b", "i-1\n"])
def test_a_name_that_is_no_name_opens_and_makes_nothing(room: Room, name: str) -> None:
    assert room.library.bundles(name) == []
    if name:
        with pytest.raises(BadInput):
            room.admit(NAMELESS, alias=name)
    assert room.library.instances() == []


def test_an_unknown_instance_is_answered_with_the_known_ones(room: Room) -> None:
    room.admit(FILES)
    with pytest.raises(UnknownInstance) as refused:
        room.library.bundle(TWO)
    assert ONE in refused.value.next_step


def test_the_newest_capture_comes_first(room: Room) -> None:
    old = room.admit({**FILES, "system/ps.txt": "old\n"}, "a.tar.gz", at=CAPTURED - timedelta(days=1))
    new = room.admit({**FILES, "system/ps.txt": "new\n"}, "b.tar.gz")
    assert [b.digest for b in room.library.bundles(ONE)] == [new.digest, old.digest]


def test_an_archive_that_is_not_there_is_the_callers_mistake(room: Room) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        room.library.admit(room.inbox / "none.tar.gz", now=lambda: 0.0, wall=WALL)


def test_an_archive_that_grows_while_it_is_read_is_refused(room: Room) -> None:
    path = room.put(FILES)

    def grow() -> None:
        path.write_bytes(gzip.compress(tar({**FILES, "system/ps.txt": "other\n"})))

    with pytest.raises(BadBundle, match="changed while it was read"):
        room.library.admit(path, now=lambda: (grow(), 0.0)[1], wall=WALL)
    assert room.library.instances() == []


# ---- leases ---------------------------------------------------------------------------------------------------------
def test_a_lease_is_held_by_one_and_given_back(room: Room) -> None:
    first, second = room.library.lease("ab" * 16), room.library.lease("ab" * 16)
    with first:
        assert first.acquire() and not second.acquire()
        assert second.held_elsewhere() and not first.held_elsewhere()
    assert (second.acquire() and first.held_elsewhere() is not False) or second.held_elsewhere() is False
    second.release()
    assert not first.path.exists()


def test_the_lease_of_a_dead_process_is_taken_over(tmp_path) -> None:
    dead, next_one = Lease(tmp_path, "ab"), Lease(tmp_path, "ab")
    assert dead.acquire()
    long_ago = dead.path.stat().st_mtime - STALE_S - 1
    os.utime(dead.path, (long_ago, long_ago))
    assert next_one.acquire()
    dead.release()
    assert next_one.path.exists(), "who lost a lease does not give back another's"
    next_one.release()
    assert not next_one.path.exists()


def test_the_lease_of_a_process_that_was_killed_a_moment_ago_is_taken_over_at_once(tmp_path) -> None:
    script = f"""
from pathlib import Path
import os
from eks_diag_mcp.bundle.leases import Lease
assert Lease(Path({str(tmp_path)!r}), "ab").acquire()
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert Lease(tmp_path, "ab").path.exists()
    assert Lease(tmp_path, "ab").acquire()


# ---- re-index -------------------------------------------------------------------------------------------------------
def test_a_reindex_finds_by_new_rules_and_keeps_text_ids_and_manifest(room: Room) -> None:
    stamp = "2026-01-10T10:00:0{}.000000000Z stdout {} {}\n"
    files = {
        **FILES,
        "var_log/kube-system_aws-node-x_uid/aws-node/0.log": stamp.format(1, "P", "no available IP")
        + stamp.format(2, "F", " addresses"),
        "kernel/dmesg.current": "[   61.000000] eth0: link is up\n[   62.000000] nf_conntrack: table full\n",
        "system/procstat.txt": "btime 1767960000\n",
        "var_log/messages": "Dec 31 10:00:00 host kernel: nf_conntrack: table full\n\tboom\n",
    }
    bundle = room.admit(files)
    before = (hits(bundle), bundle.finding_rows, bundle.manifest.dump(), (bundle.folder / "text/0.parquet").read_bytes())
    reindex(bundle, RULES, room.library.patterns(), "test", lambda: None)
    assert (hits(bundle), bundle.finding_rows, bundle.manifest.dump(), (bundle.folder / "text/0.parquet").read_bytes()) == before
    rules = (*RULES[:1], LineRule("new.masked", r"masked:named-secret"))
    reindex(bundle, rules, PatternSet(all_patterns(rules)), "newer", lambda: None)
    again = Library(room.home, lambda: (rules, "newer")).bundle(ONE)
    assert counts(again) == counts(bundle) == {"ip.none": 2, "new.masked": 1}
    assert again.manifest.signatures == "newer" and again.manifest.files == bundle.manifest.files
    assert sorted(p.name for p in bundle.folder.iterdir()) == [
        "blocks",
        "findings",
        "grams",
        "hits",
        "loud",
        "manifest.json",
        "queries",
        "text",
    ]


def test_a_reindex_that_is_given_up_leaves_the_old_findings(room: Room) -> None:
    bundle = room.admit(FILES)
    before = hits(bundle)

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        reindex(bundle, RULES[1:], room.library.patterns(), "other", stop)
    assert hits(bundle) == before and bundle.manifest.signatures == "test"
