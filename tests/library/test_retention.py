"""What goes when room is needed, on disk and in a bucket: whose bundles, in which order, and what was kept about them."""

import io
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.cli import main
from eks_diag_mcp.config import Settings
from eks_diag_mcp.ledger import Entry, key_of

from ..bundle.conftest import IPAMD, WALL, Room, zap
from ..conftest import PATTERNS
from .conftest import PREFIX, Cloud

LINES = "".join(zap("2026-01-01T10:00:00Z", f"no available IP addresses {n}") for n in range(30))
ONE, TWO = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"


@dataclass
class Kept:
    """A library of either kind, seen from the command line and by servers."""

    where: str
    room: Room
    environment: dict[str, str]
    age: Callable[[str, float], None]
    names: Callable[[], list[str]]

    def app(self, **more: str) -> App:
        return App(Settings.read(self.environment | more, library=self.where))

    def bundle(self, node: str, day: int, age_days: float, app: App | None = None, **files: str) -> Bundle:
        """A bundle captured on that day of January and admitted so many days ago."""
        at = datetime(2026, 1, day, 12, tzinfo=UTC)
        path = self.room.put(
            {"system/instance-id.txt": f"{node}\n", "system/ps.txt": f"{day}\n", **files}, f"{node}-{day}.tar.gz", at=at
        )
        made = (app or self.app()).library.admit(path, now=lambda: 0.0, wall=WALL)
        self.age(made.digest, age_days * 86_400)
        return made

    def run(self, *arguments: str) -> tuple[int, dict]:
        told = CliRunner(env=self.environment).invoke(main, ["--library", self.where, "library", *arguments, "--json"])
        assert told.exception is None or isinstance(told.exception, SystemExit), told.output
        return told.exit_code, json.loads(told.stdout) if told.stdout.startswith("{") else {"says": told.output}

    def left(self) -> list[tuple[str, str]]:
        """(instance, bundle) of all that is kept, the oldest first."""
        return [(row["instanceId"], row["bundle"]) for row in self.run("list")[1]["bundles"]]


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, room: Room, cloud: Cloud) -> Kept:
    environment = {
        **cloud.aws.aws_env(),
        "EKS_DIAG_PATTERNS": str(PATTERNS),
        "EKS_DIAG_LIBRARY_CACHE": str(tmp_path / "mirror"),
        "HOME": str(tmp_path),
    }
    home = tmp_path / "kept"
    if request.param == "folder":

        def on_disk(digest: str, age_s: float) -> None:
            for path in home.glob(f"v3/instance=*/bundle={digest}/*/*"):
                os.utime(path, (time.time() - age_s,) * 2)

        def files() -> list[str]:
            return sorted(p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file())

        return Kept(str(home), room, environment, on_disk, files)

    def in_bucket(digest: str, age_s: float) -> None:
        for key in cloud.names():
            if digest in key:
                found = cloud.aws.s3.object(cloud.bucket, key, cloud.aws.region)
                found.last_modified = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=age_s)

    return Kept(
        f"s3://{cloud.bucket}/{PREFIX}",
        room,
        environment,
        in_bucket,
        lambda: [name.removeprefix(f"{PREFIX}/") for name in cloud.names()],
    )


def test_list_tells_size_age_and_whose_a_bundle_is(kept: Kept) -> None:
    app = kept.app()
    bundle = kept.bundle(ONE, 1, 3, app)
    app.intake.ledger.put(Entry("ssm:x:1", ONE, "ssm", WALL.isoformat(), "eu-west-1", "shop", bundle.digest))
    app.library.admit(kept.room.inbox / f"{ONE}-1.tar.gz", now=lambda: 0.0, wall=WALL, alias="node-a")
    code, told = kept.run("list")
    [row] = told["bundles"]
    assert code == 0 and row["bytes"] == told["bytes"] > 1_000 and 2.9 < row["age_days"] < 3.1
    assert (row["instanceId"], row["bundle"], row["clusterName"], row["aliases"]) == (ONE, bundle.digest[:12], "shop", ["node-a"])
    assert row["captured"].startswith("2026-01-01T12:00") and row["damage"] is None


def test_purge_by_age_says_what_would_go_and_goes_only_when_told(kept: Kept) -> None:
    old, young = kept.bundle(ONE, 1, 40), kept.bundle(TWO, 2, 20)
    _, would = kept.run("purge", "--older-than", "30d")
    assert not would["removed"] and [row["bundle"] for row in would["bundles"]] == [old.digest[:12]] and len(kept.left()) == 2
    code, done = kept.run("purge", "--older-than", "30d", "--yes")
    assert code == 0 and done["removed"] and done["bundles"] == would["bundles"] and done["bytes"] > 1_000
    assert kept.left() == [(TWO, young.digest[:12])]
    assert not [name for name in kept.names() if old.digest in name or ONE in name]


def test_purge_by_size_takes_the_oldest_first_and_the_newest_capture_of_a_node_last(kept: Kept) -> None:
    new_of_one = kept.bundle(ONE, 9, 50)  # admitted first, but the newest evidence of that node
    old_of_one, old_of_two, new_of_two = kept.bundle(ONE, 1, 30), kept.bundle(TWO, 1, 40), kept.bundle(TWO, 2, 10)
    sizes = {row["bundle"]: row["bytes"] for row in kept.run("list")[1]["bundles"]}

    def going(most: int) -> list[str]:
        return [row["bundle"] for row in kept.run("purge", "--max-size", f"{most}B")[1]["bundles"]]

    order = [b.digest[:12] for b in (old_of_two, old_of_one, new_of_one, new_of_two)]
    whole = sum(sizes.values())
    assert going(whole) == [] and going(whole - 1) == order[:1] and going(1) == order
    assert going(whole - sizes[order[0]] - sizes[order[1]]) == order[:2], "what just fits stays"
    assert kept.run("purge", "--max-size", "1B", "--instance", TWO, "--yes")[0] == 0
    assert kept.left() == [(ONE, new_of_one.digest[:12]), (ONE, old_of_one.digest[:12])]


def test_with_a_bundle_go_its_collections_its_searches_and_its_mirror(kept: Kept, tmp_path: Path) -> None:
    app = kept.app()
    gone, stays = kept.bundle(ONE, 1, 40, app), kept.bundle(TWO, 1, 1, app)
    for bundle in (gone, stays):
        app.intake.ledger.put(
            Entry(f"ssm:x:{bundle.instance_id}", bundle.instance_id, "ssm", WALL.isoformat(), digest=bundle.digest)
        )
    searches = [app.remember_search(bundle, "error", "system/ps.txt") for bundle in (gone, stays)]
    folder = gone.folder
    assert all(app.recall_search(name) for name in searches) and (folder / "hits/0.parquet").exists()
    kept.run("purge", "--older-than", "30d", "--yes")
    after = kept.app()
    assert [entry.instance_id for entry in after.intake.ledger.entries()] == [TWO]
    assert [after.recall_search(name) is None for name in searches] == [True, False]
    assert not [p for p in (tmp_path / "mirror").rglob("*") if gone.digest in p.name] and not folder.exists()


def test_a_bundle_that_a_process_works_on_is_not_purged(kept: Kept) -> None:
    app = kept.app()
    busy, idle = kept.bundle(ONE, 1, 40, app), kept.bundle(TWO, 1, 50, app)
    app.intake.ledger.put(Entry("ssm:x:1", ONE, "ssm", WALL.isoformat(), digest=busy.digest))
    with app.library.lease(key_of("ssm:x:1")) as lease:
        assert lease.acquire()
        _, told = kept.run("purge", "--older-than", "30d", "--yes")
    assert [row["bundle"] for row in told["bundles"]] == [idle.digest[:12]]
    assert [row["bundle"] for row in told["in_use"]] == [busy.digest[:12]] and kept.left() == [(ONE, busy.digest[:12])]


def test_limits_hold_after_each_admit_and_never_take_what_just_came(kept: Kept) -> None:
    old = kept.bundle(ONE, 1, 40)
    kept.bundle(TWO, 1, 10)
    by_age = kept.app(EKS_DIAG_KEEP_DAYS="30")
    new = kept.bundle(ONE, 2, 0, by_age)
    assert sorted(kept.left()) == sorted([(ONE, new.digest[:12]), (TWO, kept.app().library.bundles(TWO)[0].digest[:12])])
    assert not [name for name in kept.names() if old.digest in name]
    last = kept.bundle(TWO, 3, 0, kept.app(EKS_DIAG_KEEP_BYTES="1B"))
    assert kept.left() == [(TWO, last.digest[:12])]
    room_for_one = str(int(1.5 * kept.run("list")[1]["bytes"]))
    earlier = kept.bundle(TWO, 2, 0, kept.app(EKS_DIAG_KEEP_BYTES=room_for_one))
    assert kept.left() == [(TWO, earlier.digest[:12])], "also where the evidence of what just came is older"


def test_purge_without_a_limit_or_a_name_is_refused(kept: Kept) -> None:
    kept.bundle(ONE, 1, 40)
    code, told = kept.run("purge", "--yes")
    assert code == 1 and "--older-than" in told["says"] and len(kept.left()) == 1
    assert kept.run("purge", "--older-than", "soon")[0] == 2 and kept.run("purge", "--max-size", "much")[0] == 2


def test_verify_finds_whole_bundles_whole(kept: Kept) -> None:
    kept.bundle(ONE, 1, 1)
    kept.bundle(TWO, 1, 1)
    code, told = kept.run("verify")
    assert code == 0 and told["damaged"] == 0 and [row["state"] for row in told["bundles"]] == ["ok", "ok"]
    assert [row["instanceId"] for row in kept.run("verify", TWO)[1]["bundles"]] == [TWO]
    assert kept.run("verify", "i-0cccccccccccccccc")[0] == 1


def rewritten(data: bytes, change: Callable[[pa.Table], pa.Table]) -> bytes:
    out = io.BytesIO()
    pq.write_table(change(pq.read_table(io.BytesIO(data))), out, compression="zstd")
    return out.getvalue()


def longer(data: bytes) -> bytes:
    def change(table: pa.Table) -> pa.Table:
        place = table.column_names.index("n_lines")
        return table.set_column(place, table.schema.field(place), pc.add(table["n_lines"], pa.scalar(1, pa.int32())))

    return rewritten(data, change)


def headless(data: bytes) -> bytes:
    return rewritten(data, lambda table: table.slice(1))


def emptied(data: bytes) -> bytes:
    return rewritten(data, lambda table: table.slice(0, 0))


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "a cut text": ("text/0.parquet", lambda data: data[: len(data) // 4], "stored text of the bundle"),
    "garbled findings": ("findings/0.parquet", lambda data: bytes(len(data)), "findings/ of the stored bundle is gone or damaged"),
    "an empty table of hits": ("hits/0.parquet", lambda _data: b"", "hits/ of the stored bundle is gone or damaged"),
    "a cut manifest": ("manifest.json", lambda data: data[:-20], "manifest of the stored bundle is damaged"),
    "a manifest of another node": ("manifest.json", lambda data: data.replace(ONE.encode(), TWO.encode()), f"of {TWO}"),
    "a manifest that lacks a file": (
        "manifest.json",
        lambda data: data.replace(b'"path":"var_log/aws-routed-eni/ipamd.log"', b'"path":"other"'),
        "which is not in the manifest",
    ),
    "blocks of another length": ("blocks/0.parquet", longer, "bytes in"),
    "grams of fewer blocks": ("grams/0.parquet", headless, "rows for"),
    "findings without hits": ("hits/0.parquet", emptied, "hits/ has not"),
}


IN_A_BUCKET_TOO = ("a cut text", "a cut manifest")
"""How it is read differs; what is looked for does not."""


@pytest.mark.parametrize(
    ("kept", "damage"), [("folder", d) for d in DAMAGES] + [("bucket", d) for d in IN_A_BUCKET_TOO], indirect=["kept"]
)
def test_verify_says_how_a_bundle_is_damaged_and_purge_removes_it(kept: Kept, damage: str, cloud: Cloud) -> None:
    name, change, says = DAMAGES[damage]
    app = App(Settings.read(kept.environment, library=kept.where))
    bad, good = kept.bundle(ONE, 1, 1, app, **{IPAMD: LINES}), kept.bundle(TWO, 1, 1, app, **{IPAMD: LINES})
    assert len(app.findings(bad)) > 0
    objects = app.library.home.objects
    place = f"v3/instance={ONE}/bundle={bad.digest}/{name}"
    whole = objects.read(place)
    assert whole is not None and change(whole.data) != whole.data
    objects.put(place, change(whole.data))
    code, told = kept.run("verify")
    found = {row["bundle"]: row for row in told["bundles"]}
    assert code == 1 and told["damaged"] == 1 and found[good.digest[:12]]["state"] == "ok"
    assert found[bad.digest[:12]]["state"] == "damaged" and any(says in fault for fault in found[bad.digest[:12]]["faults"]), found
    assert kept.run("purge", "--bundle", bad.digest[:12], "--yes")[1]["removed"]
    assert kept.run("verify")[0] == 0 and kept.left() == [(TWO, good.digest[:12])]
