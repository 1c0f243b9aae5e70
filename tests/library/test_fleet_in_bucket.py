"""Questions about many bundles of a bucket: one listing, one file, and never an answer from a file that is old."""

from pathlib import Path

from eks_diag_mcp.bundle.library import Library
from eks_diag_mcp.fleet.at_hand import Ask, Hand, at_hand
from eks_diag_mcp.fleet.compact import NAME, compact

from ..bundle.conftest import IPAMD, RULES, Room, zap
from .conftest import NODE, PREFIX, Cloud
from .test_bucket import admit

OTHER = "i-0aaaaaaaaaaaaaaa1"


def two(cloud: Cloud, room: Room, archive: Path) -> Library:
    """A library in the bucket with bundles of two nodes, one without a finding."""
    library = cloud.library()
    admit(library, archive)
    admit(library, room.put({"system/instance-id.txt": f"{OTHER}\n", IPAMD: zap("2026-01-10T11:00:00Z", "quiet")}))
    return library


def told(hand: Hand) -> dict[str, list[tuple[str, int]]]:
    return {held.instance_id: [(row.signature, row.count) for row in held.finding_rows] for held in hand.held}


def test_the_compact_file_of_a_bucket_answers_for_all_bundles_without_opening_one(cloud: Cloud, room: Room, archive: Path) -> None:
    expected = {NODE: [("ip.none", 300)], OTHER: []}
    done = compact(two(cloud, room, archive), "test", {})
    assert (done.bundles, done.findings, done.rescanned, done.left_out) == (2, 1, 0, {})
    assert f"{PREFIX}/{NAME}" in cloud.names()
    seen = len(cloud.aws.called("s3:GetObject"))
    assert told(at_hand(cloud.library(), Ask())) == expected
    assert len(cloud.aws.called("s3:GetObject")) - seen == 1, "the compact file itself"


def test_a_bundle_of_a_bucket_that_was_scanned_again_is_read_itself(cloud: Cloud, room: Room, archive: Path) -> None:
    library = two(cloud, room, archive)
    compact(library, "test", {})
    fewer = Library(cloud.home(), lambda: (RULES[1:], "fewer"), patterns=cloud.compiled)
    fewer.reindex(fewer.bundle(NODE))
    assert told(at_hand(cloud.library(), Ask())) == {NODE: [], OTHER: []}
    assert compact(cloud.library(), "test", {}).rescanned == 1
    assert told(at_hand(cloud.library(), Ask())) == {NODE: [("ip.none", 300)], OTHER: []}
