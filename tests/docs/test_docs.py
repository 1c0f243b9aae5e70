"""Every link of a page leads somewhere, every page is found from the index, and transcripts are what is printed."""

from pathlib import Path

import pytest

from .links import anchors, fault, links
from .transcripts import ROOT, pages, prepared, rerun

FOREIGN = {".venv", ".envs", "node_modules", "build", "dist", ".git", ".pytest_cache", "results"}
EVERY = [p for p in sorted(ROOT.rglob("*.md")) if not FOREIGN & set(p.relative_to(ROOT).parts)]


@pytest.mark.parametrize("page", EVERY, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert {target: why for target in links(page) if (why := fault(page, target, ROOT))} == {}


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# One two\n\n## One two\n\n[a](b.md) [c](#one-two-1) [d](#three) ![e](../e.png) [f](http://x)\n", encoding="utf-8"
    )
    assert anchors(page) == {"one-two", "one-two-1"}
    assert {target for target in links(page) if fault(page, target, tmp_path)} == {"b.md", "#three", "../e.png", "http://x"}


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    assert {p.name for p in (ROOT / "docs").glob("*.md") if p != index and p.resolve() not in named} == set()


def test_there_are_transcripts_for_a_newcomer() -> None:
    assert {"README.md", "tutorial.md"} <= {page.name for page in pages()}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_transcript_is_what_the_commands_print(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert rerun(text, tmp_path, prepared(tmp_path)) == text, "run: python -m tests.docs"
