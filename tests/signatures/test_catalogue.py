"""The shipped catalogue proves itself, and a row that does not is refused with its place."""

from pathlib import Path

import pytest

from eks_diag_mcp.bundle.rules import PatternSet
from eks_diag_mcp.diagnose.causes import causes
from eks_diag_mcp.errors import CatalogueError
from eks_diag_mcp.signatures.catalogue import Catalogue

GOOD = """signatures:
  - {id: dns.x, title: x, pattern: 'no such host', sources: [kubelet-log], severity: high, role: cause, provenance: test,
     speaks_for: [dns], hits: ['dial tcp: no such host'], misses: ['host found']}
"""


def loaded(tmp_path: Path, text: str) -> Catalogue:
    (tmp_path / "rows.yaml").write_text(text)
    return Catalogue(tmp_path)


def test_every_shipped_row_hits_its_hits_and_misses_its_misses() -> None:
    assert len(Catalogue().rows) > 500


def test_every_family_of_the_contract_has_a_row_and_every_cause_is_known() -> None:
    rows = [c.row for c in Catalogue(prove=False).rows]
    assert {cause for row in rows for cause in row.speaks_for} <= set(causes().by_id)
    spoken = {cause for row in rows if row.role == "cause" for cause in row.speaks_for}
    arithmetic_or_state = {"ip_allocation.cooldown_churn"}
    assert set(causes().by_id) - spoken - arithmetic_or_state == set()


def test_the_engine_takes_every_pattern_and_finds_every_sample() -> None:
    rows = Catalogue(prove=False).rows
    patterns = PatternSet([row.pattern for row in rows])
    for row in rows:
        for line in row.row.hits:
            found = patterns.lines(line.encode()) or []
            assert row.index in {index for index, _ in found}, f"{row.id}: {line}"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("dial tcp: no such host", "all is well"), "does not hit its own line"),
        (("host found", "no such host"), "hits a line it must miss"),
        (("kubelet-log", "kubelet-logg"), "unknown source"),
        (("no such host',", "no such (host',"), "does not compile"),
        (("no such host',", "(?!x)no such host',"), "look-around"),
        (("severity: high", "severity: loud"), "severity"),
        (("role: cause", "role: cause, colour: red"), "colour"),
        (("id: dns.x", "id: Dns"), "pattern"),
    ],
)
def test_a_bad_row_is_refused_with_file_and_line(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    assert len(loaded(tmp_path, GOOD).rows) == 1
    with pytest.raises(CatalogueError, match=r"rows\.yaml:2") as error:
        loaded(tmp_path, GOOD.replace(*change))
    assert fault in str(error.value)


def test_all_bad_rows_are_reported_at_once(tmp_path: Path) -> None:
    row = GOOD.split("\n", 1)[1]
    both = GOOD.replace("severity: high", "severity: loud") + row.replace("dns.x", "dns.y").replace("kubelet-log", "nowhere")
    with pytest.raises(CatalogueError) as error:
        loaded(tmp_path, both)
    assert "2 bad rows" in str(error.value)


def test_an_id_may_stand_only_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="stands twice"):
        loaded(tmp_path, GOOD + GOOD.split("\n", 1)[1])
