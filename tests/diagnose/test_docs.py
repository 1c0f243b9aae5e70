"""docs/diagnosis.md is what the data says today."""

from pathlib import Path

from eks_diag_mcp.diagnose.causes import causes
from eks_diag_mcp.diagnose.table import CASES, SCENARIOS, render

ROOT = Path(__file__).parents[2]
COMMAND = "python -m eks_diag_mcp.diagnose.table > docs/diagnosis.md"


def page() -> str:
    return render(scenarios=ROOT / SCENARIOS, cases=[ROOT / folder for folder in CASES])


def test_the_committed_page_is_the_generated_one() -> None:
    assert (ROOT / "docs/diagnosis.md").read_text(encoding="utf-8") == page(), f"run: {COMMAND}"


def test_every_cause_has_a_section_and_every_link_leads_to_one() -> None:
    text = page()
    for cause in causes().rows:
        assert f"\n## {cause.id}\n" in text
        for name in (*cause.explains, *cause.mistaken_for):
            assert f"](#{name.replace('.', '')})" in text


def test_folders_that_are_not_there_count_as_empty(tmp_path: Path) -> None:
    assert "**Not proven yet:**" in render(scenarios=tmp_path / "none", cases=[tmp_path / "neither"])
