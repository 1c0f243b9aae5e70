"""A bundle in a bucket is there or it is not: races, killed uploads, damaged objects, and what holds a lease."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.bundle.home import Place
from eks_diag_mcp.bundle.library import Library, file_digest
from eks_diag_mcp.bundle.object_home import ObjectHome
from eks_diag_mcp.bundle.object_lease import ObjectLease
from eks_diag_mcp.errors import BadBundle, Throttled

from ..bundle.conftest import RULES, Room, counts, hits
from ..doubles.aws import Silence
from .conftest import NODE, PREFIX, Cloud
from .test_bucket import admit


def worker(cloud: Cloud, archive: Path) -> subprocess.Popen[str]:
    cloud.servers += 1
    mirror = cloud.folder / f"mirror-{cloud.servers}"
    command = [sys.executable, "-m", "tests.library.worker", cloud.bucket, PREFIX, str(mirror), str(cloud.compiled), str(archive)]
    env = cloud.aws.env(PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None and process.stdout.readline() == "read\n"
    return process


def aged(cloud: Cloud, part: str, by_s: float) -> None:
    """All objects whose keys hold that were written so long ago."""
    for key in cloud.names():
        if part in key:
            found = cloud.aws.s3.object(cloud.bucket, key, cloud.aws.region)
            found.last_modified = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=by_s)


def bundles(cloud: Cloud) -> list[str]:
    return [key.removeprefix(f"{PREFIX}/v3/") for key in cloud.names() if "/bundle=" in key]


def test_two_servers_that_admit_the_same_archive_at_once_give_one_bundle(cloud: Cloud, archive: Path) -> None:
    pair = [worker(cloud, archive) for _ in range(2)]
    for process in pair:
        assert process.stdin is not None
        process.stdin.write("go on\n")
        process.stdin.flush()
    told = [process.communicate()[0].strip() for process in pair]
    assert [process.returncode for process in pair] == [0, 0] and told[0] == told[1]
    [bundle] = cloud.library().bundles(NODE)
    assert bundle.digest == told[0] and counts(bundle) == {"ip.none": 300} and len(hits(bundle)["ip.none"]) == 300
    assert len(bundles(cloud)) == 8 and not [key for key in cloud.names() if "leases" in key]


def test_a_server_that_has_not_heard_of_the_bundle_yet_finds_it_when_it_admits_the_same(cloud: Cloud, archive: Path) -> None:
    behind = Library(cloud.home(now=lambda: 0.0), lambda: (RULES, "test"), patterns=cloud.compiled)
    assert behind.instances() == []
    first = admit(cloud.library(), archive)
    assert behind.instances() == [], "its listing is still believed"
    assert admit(behind, archive).manifest == first.manifest and behind.instances() == [NODE]


def test_an_upload_that_was_killed_is_no_bundle_and_the_next_one_takes_its_place(cloud: Cloud, archive: Path) -> None:
    process = worker(cloud, archive)
    manifest = f"{PREFIX}/v3/instance={NODE}/bundle={file_digest(archive)}/manifest.json"
    stuck = cloud.aws.fail("s3:PutObject", Silence(), times=1, Key=manifest)
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()
    while not stuck.fired:
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert len(bundles(cloud)) == 7 and not [k for k in bundles(cloud) if k.endswith("manifest.json")]
    library = cloud.library()
    assert library.instances() == [] and library.bundles(NODE) == []
    aged(cloud, "leases", 65)
    assert counts(admit(library, archive)) == {"ip.none": 300} and len(bundles(cloud)) == 8


def test_what_a_killed_upload_left_is_swept_after_an_hour_and_whole_bundles_are_not(cloud: Cloud, archive: Path) -> None:
    library = cloud.library()
    admit(library, archive)
    aged(cloud, "/bundle=", 10_000)
    cloud.store().put("v3/instance=i-0bbbbbbbbbbbbbbbb/bundle=00ff/text/0.parquet", b"half")
    aged(cloud, "bundle=00ff", 3_500)
    assert library.sweep(3600, 0) == 0 and len(bundles(cloud)) == 9
    aged(cloud, "bundle=00ff", 3_700)
    assert library.sweep(3600, 0) == 1 and len(bundles(cloud)) == 8


def test_a_server_that_stood_still_while_another_one_took_over_writes_nothing_into_its_bundle(cloud: Cloud, archive: Path) -> None:
    home = cloud.home()
    first, second = (cloud.folder / name for name in ("first", "second"))
    for folder, word in ((first, b"first"), (second, b"second")):
        for name in ("manifest.json", "a/0.parquet", "b/0.parquet"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(word)
    place = Place(NODE, "00ff")
    overtaken: list[bool] = []

    class Slow:
        """Stands still after its first object."""

        def __getattr__(self, name: str) -> object:
            return getattr(cloud.store(), name)

        def put(self, name: str, data: object, **how: object) -> str | None:
            if name.endswith("b/0.parquet"):
                aged(cloud, "leases", 65)
                overtaken.append(home.publish(second, place))
            return cloud.store().put(name, data, **how)  # type: ignore[arg-type]

    with pytest.raises(Throttled, match="same moment"):
        ObjectHome(Slow(), cloud.folder / "slow").publish(first, place)  # type: ignore[arg-type]
    assert overtaken == [True]
    assert {cloud.store().read(place.prefix + n).data for n in ("manifest.json", "a/0.parquet", "b/0.parquet")} == {b"second"}  # type: ignore[union-attr]


# ---- damage ---------------------------------------------------------------------------------------------------------------
READS: dict[str, Callable[[Bundle], object]] = {
    "blocks/0.parquet": lambda bundle: bundle.blocks,
    "grams/0.parquet": lambda bundle: bundle.bitmaps(),
    "hits/0.parquet": hits,
    "findings/0.parquet": lambda bundle: bundle.finding_rows,
    "queries/0.parquet": lambda bundle: bundle.stored_queries,
    "loud/0.parquet": lambda bundle: bundle.loud_lines,
    "text/0.parquet": lambda bundle: [bundle.block_text(ref) for ref in bundle.blocks],
    "manifest.json": lambda bundle: bundle.manifest,
}
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "garbled": lambda data: bytes(len(data)),
    "emptied": lambda _data: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", READS)
def test_a_damaged_object_is_told_with_a_remedy_and_never_read_as_nothing_found(
    cloud: Cloud, archive: Path, name: str, damage: str
) -> None:
    admit(cloud.library(), archive)
    cloud.overwrite(name, DAMAGES[damage])
    with pytest.raises(BadBundle) as told:
        [bundle] = cloud.library().bundles(NODE)
        READS[name](bundle)
    assert told.value.next_step


@pytest.mark.parametrize("name", [name for name in READS if name != "manifest.json"])
def test_an_object_that_is_gone_is_told_with_a_remedy(cloud: Cloud, archive: Path, name: str) -> None:
    digest = admit(cloud.library(), archive).digest
    cloud.store().delete([f"v3/instance={NODE}/bundle={digest}/{name}"])
    [bundle] = cloud.library().bundles(NODE)
    with pytest.raises(BadBundle, match="gone") as told:
        READS[name](bundle)
    assert "collect it again" in told.value.next_step


def test_a_damaged_bundle_does_not_hide_those_of_other_nodes(cloud: Cloud, room: Room, archive: Path) -> None:
    admit(cloud.library(), room.put({"system/instance-id.txt": "i-0aaaaaaaaaaaaaaaa\n"}, "other.tar.gz"))
    cloud.overwrite("manifest.json", DAMAGES["cut"])
    admit(cloud.library(), archive, alias="node-a")
    library = cloud.library()
    assert [b.instance_id for b in library.bundles("node-a")] == [NODE]
    assert library.instances() == ["i-0123456789abcdef0", "i-0aaaaaaaaaaaaaaaa"]


# ---- leases ---------------------------------------------------------------------------------------------------------------
def test_a_lease_is_held_by_one_and_free_when_it_is_given_back(cloud: Cloud) -> None:
    one, two = cloud.library().lease("ab"), cloud.library().lease("ab")
    with one:
        assert one.acquire() and one.acquire() and not two.acquire()
        assert two.held_elsewhere() and not one.held_elsewhere()
    assert not two.held_elsewhere() and two.acquire()
    two.__exit__(None, None, None)
    assert cloud.names() == []


def test_a_lease_whose_heart_does_not_beat_is_taken_over_by_one(cloud: Cloud) -> None:
    dead, two, three = (ObjectLease(cloud.store(), "v3/leases/x.lease", beat_s=1e6) for _ in range(3))
    assert dead.acquire()
    aged(cloud, "leases", 30)
    assert not two.acquire()
    aged(cloud, "leases", 65)
    assert two.acquire() and not three.acquire()
    assert not dead.renew(), "who stood still learns that it is another's now"
    dead.release()
    assert not three.acquire(), "and does not take it away"
    assert two.renew()
    two.release()


def test_a_heart_that_beats_keeps_the_lease(cloud: Cloud) -> None:
    with ObjectLease(cloud.store(), "v3/leases/x.lease", beat_s=0.05) as lease:
        assert lease.acquire()
        written = cloud.store().read("v3/leases/x.lease")
        now = written
        while now is not None and written is not None and now.etag == written.etag:
            now = cloud.store().read("v3/leases/x.lease")
        assert now is not None
