"""The table of symptoms: for each, the runbook that must come first among all of them."""

from pathlib import Path

import pytest
import yaml

from eks_diag_mcp.runbooks.library import SopLibrary
from eks_diag_mcp.runbooks.match import rank

TABLE: dict[str, list[str]] = yaml.safe_load((Path(__file__).parents[1] / "data" / "symptoms.yaml").read_text(encoding="utf-8"))
ROWS = [(wanted, symptom) for wanted, symptoms in TABLE.items() for symptom in symptoms]
LIBRARY = SopLibrary.load()
SHIPPED = {sop.short_id for sop in LIBRARY.sops}
WHOLE = 40
"""A library of more runbooks than this is the whole one: then none of the table may be missing."""


@pytest.mark.parametrize(("wanted", "symptom"), ROWS)
def test_the_right_runbook_comes_first(wanted: str, symptom: str) -> None:
    right = set(wanted.split())
    if not right & SHIPPED and len(SHIPPED) <= WHOLE:
        pytest.skip(f"{wanted} is not written yet")
    found = rank(LIBRARY, symptom, 3)
    assert found and found[0].sop.short_id in right, [(m.sop.short_id, m.score, m.why) for m in found]


def test_no_runbook_of_the_table_is_missing_from_a_whole_library() -> None:
    named = {sop for wanted in TABLE for sop in wanted.split()}
    assert len(named) > WHOLE and (len(SHIPPED) <= WHOLE or named <= SHIPPED)


def test_every_match_says_what_it_rests_on() -> None:
    reasons = [m.why for _, symptom in ROWS for m in rank(LIBRARY, symptom, 3)]
    assert reasons and all(reasons)
