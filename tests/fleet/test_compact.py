"""compact: one file answers for all bundles, and is never believed where a bundle has changed, joined or gone."""

import shutil
from pathlib import Path

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.library import Library
from eks_diag_mcp.confined import ConfinedApp
from eks_diag_mcp.fleet.at_hand import Ask, Hand, at_hand
from eks_diag_mcp.fleet.compact import NAME, Compacted, compact
from eks_diag_mcp.tools.fleet_findings import fleet_findings
from eks_diag_mcp.tools.room import Room

from .. import scenarios
from .conftest import Fleet, admitted


def answer(fleet: Fleet) -> str:
    """By a server that has opened nothing yet."""
    return fleet_findings(Room(App(fleet.app.settings)), response_format="detailed").model_dump_json()


def compacted(fleet: Fleet) -> Compacted:
    app = App(fleet.app.settings)
    return compact(app.library, app.catalogue.digest, {})


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return admitted(tmp_path, {"eni-limit": "blue", "subnet-exhausted": "blue", "healthy-1-20": None})


def findings_of(fleet: Fleet) -> list[Path]:
    return sorted(fleet.app.library.root.glob("instance=*/bundle=*/findings/0.parquet"))


def test_the_compact_file_gives_the_answer_that_the_bundles_give(fleet: Fleet) -> None:
    before = answer(fleet)
    done = compacted(fleet)
    assert (done.bundles, done.rescanned, done.left_out) == (3, 0, {})
    for path in findings_of(fleet):
        path.unlink()  # so that nothing else can answer
    assert answer(fleet) == before
    assert (fleet.app.settings.library / NAME).stat().st_mode & 0o777 == 0o600


def test_where_no_time_is_left_only_what_the_file_holds_is_at_hand(fleet: Fleet) -> None:
    def hand() -> Hand:
        return at_hand(App(fleet.app.settings).library, Ask(), spent=lambda: True)

    assert hand().held == [] and hand().unreadable.keys() == set(fleet.ids.values())
    compacted(fleet)
    assert len(hand().held) == 3 and hand().unreadable == {}


def test_what_joins_after_it_is_read_and_what_is_purged_is_ignored(fleet: Fleet) -> None:
    compacted(fleet)
    archive = scenarios.load("iam").write(fleet.app.settings.library.parent / "archives")
    joined = fleet.app.library.admit(archive, now=fleet.app.now, wall=fleet.app.wall())
    shutil.rmtree(fleet.app.library.bundle(fleet.ids["eni-limit"]).folder)
    with_file = answer(fleet)
    (fleet.app.settings.library / NAME).unlink()
    assert with_file == answer(fleet) and joined.instance_id in with_file and fleet.ids["eni-limit"] not in with_file


def test_a_bundle_that_was_scanned_again_is_read_and_not_remembered(fleet: Fleet) -> None:
    compacted(fleet)
    bundle = fleet.app.library.bundle(fleet.ids["subnet-exhausted"])
    rules = fleet.app.catalogue.rows[:1]
    Library(fleet.app.settings.library, lambda: (rules, "another set"), patterns=fleet.app.settings.patterns).reindex(bundle)
    with_file = fleet_findings(Room(App(fleet.app.settings)))
    assert with_file.outdated == [bundle.instance_id]
    (fleet.app.settings.library / NAME).unlink()
    assert with_file == fleet_findings(Room(App(fleet.app.settings)))


def test_compacting_scans_bundles_of_older_signatures_again(fleet: Fleet) -> None:
    before = answer(fleet)
    bundle = fleet.app.library.bundle(fleet.ids["subnet-exhausted"])
    rules = fleet.app.catalogue.rows[:1]
    Library(fleet.app.settings.library, lambda: (rules, "another set"), patterns=fleet.app.settings.patterns).reindex(bundle)
    assert answer(fleet) != before
    assert compacted(fleet).rescanned == 1
    assert answer(fleet) == before


def test_a_bundle_that_came_again_for_another_cluster_is_of_that_one(fleet: Fleet) -> None:
    compacted(fleet)
    bundle = fleet.app.library.bundle(fleet.ids["eni-limit"])
    shutil.rmtree(bundle.folder)
    archive = scenarios.load("eni-limit").write(fleet.app.settings.library.parent / "archives")
    App(fleet.app.settings).library.admit(archive, now=fleet.app.now, wall=fleet.app.wall(), provenance={"cluster": "red"})
    for cluster in ("red", "blue"):
        assert fleet_findings(Room(App(fleet.app.settings)), clusterName=cluster).nodes == 1


def test_a_file_that_cannot_be_read_is_as_none(fleet: Fleet) -> None:
    before = answer(fleet)
    compacted(fleet)
    (fleet.app.settings.library / NAME).write_bytes((fleet.app.settings.library / NAME).read_bytes()[:500])
    assert answer(fleet) == before


def test_it_shows_a_confined_caller_no_other_cluster(fleet: Fleet) -> None:
    compacted(fleet)
    seen = fleet_findings(Room(ConfinedApp(App(fleet.app.settings), frozenset({"blue"}))))
    assert seen.nodes == 2 and fleet.ids["healthy-1-20"] not in seen.model_dump_json()


def test_a_bundle_that_cannot_be_read_is_left_out_and_named(fleet: Fleet) -> None:
    findings_of(fleet)[0].unlink()
    done = compacted(fleet)
    assert done.bundles == 2 and list(done.left_out.values()) == ["The table findings/ of the stored bundle is gone or damaged."]


def test_bundles_without_findings_are_held_as_such(fleet: Fleet) -> None:
    rules = [row for row in fleet.app.catalogue.rows if row.id == "ip_allocation.subnet_no_free_address"]
    few = Library(fleet.app.settings.library, lambda: (tuple(rules), "one rule"), patterns=fleet.app.settings.patterns)
    done = compact(few, "one rule", {})
    assert (done.bundles, done.rescanned) == (3, 3)
    held = at_hand(few, Ask(), spent=lambda: True).held
    assert {h.instance_id: bool(h.finding_rows) for h in held} == {i: name == "subnet-exhausted" for name, i in fleet.ids.items()}
