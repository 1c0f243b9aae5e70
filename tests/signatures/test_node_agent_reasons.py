"""Every reason of the EKS node monitoring agent that a bundle can show is seen here too."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from eks_diag_mcp.diagnose.growth import counters
from eks_diag_mcp.diagnose.loops import loops
from eks_diag_mcp.sections.catalogue import SECTIONS
from eks_diag_mcp.signatures.catalogue import catalogue

from ..sections.conftest import FakeBundle, ps

FILE = Path(__file__).parents[1] / "data" / "node-agent-reasons.yaml"
REASONS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["reasons"]


def kind(*keys: str) -> list[dict[str, Any]]:
    return [r for r in REASONS if any(k in r for k in keys)]


def name(row: dict[str, Any]) -> str:
    return str(row["reason"])


@pytest.mark.parametrize("row", kind("signature"), ids=name)
def test_a_reason_that_is_a_line_has_its_signature(row: dict[str, Any]) -> None:
    signature = catalogue().by_id[row["signature"]]
    assert signature.hits(row["line"])
    assert row["source"] in {scope.partition("/")[0] for scope in signature.row.sources}


@pytest.mark.parametrize("row", kind("issue"), ids=name)
def test_a_reason_that_is_a_state_is_an_issue_of_its_section(row: dict[str, Any]) -> None:
    files = dict(row.get("files", {}))
    if "ps" in row:
        files["system/ps.txt"] = ps(*[row["ps"]["command"]] * row["ps"]["repeat"])
    else:
        files.setdefault("system/ps.txt", ps())
    section = dict(SECTIONS)[row["section"]](FakeBundle(files), None)
    assert row["issue"] in {issue.key for issue in section.issues}


@pytest.mark.parametrize("row", kind("counter"), ids=name)
def test_a_reason_that_is_a_growth_is_compared_between_two_bundles(row: dict[str, Any]) -> None:
    assert row["counter"] in {c.reading for c in counters() if c.kind == "counter"}


@pytest.mark.parametrize("row", kind("loop"), ids=name)
def test_a_reason_that_is_a_restart_loop_is_counted_by_its_start_line(row: dict[str, Any]) -> None:
    assert row["loop"] in {loop.start for loop in loops()}


@pytest.mark.parametrize("row", kind("tested"), ids=name)
def test_a_reason_that_other_tests_show_names_files_that_there_are(row: dict[str, Any]) -> None:
    root, words = FILE.parents[2], row["tested"].replace(" and test_", " tests/sections/test_").split()
    assert all((root / word).is_file() for word in words if "/" in word and "." in word)


def test_every_reason_says_how_it_is_seen_or_why_it_cannot_be() -> None:
    ways = ("signature", "issue", "counter", "loop", "tested", "nowhere")
    assert [name(r) for r in REASONS if sum(w in r for w in ways) != 1] == []
    assert len({name(r) for r in REASONS}) >= 60
