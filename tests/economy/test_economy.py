"""What D1's root cause costs a model stays within its budget on every node, and is what docs/economy.md says."""

from pathlib import Path

import anyio
import pytest

from .. import scenarios
from .page import render
from .walks import Walk, Way, walked

PAGE = Path(__file__).parents[2] / "docs" / "economy.md"


@pytest.fixture(scope="module")
def walks() -> list[tuple[Walk, Walk]]:
    return anyio.run(walked)


@pytest.mark.parametrize(("place", "way"), list(enumerate(Way)))
def test_every_node_is_diagnosed_within_the_budget(walks: list[tuple[Walk, Walk]], place: int, way: Way) -> None:
    made = [pair[place] for pair in walks]
    dear = {w.scenario: (w.calls, w.characters) for w in made if w.calls > way.calls or w.characters > way.characters}
    assert len(made) > 30 and dear == {}


def test_the_short_way_ends_in_the_root_cause_that_the_node_was_built_with(walks: list[tuple[Walk, Walk]]) -> None:
    wrong = {}
    for hand, run in walks:
        expect = scenarios.load(hand.scenario).expect
        fine = {expect.root_cause, None} if expect.none_is_fine else {expect.root_cause}
        if hand.root_cause not in fine or run.root_cause != hand.root_cause:
            wrong[hand.scenario] = (expect.root_cause, hand.root_cause, run.root_cause)
    assert wrong == {}


def test_the_page_tells_what_was_measured(walks: list[tuple[Walk, Walk]]) -> None:
    assert PAGE.read_text(encoding="utf-8") == render(walks), "run: python -m tests.economy > docs/economy.md"
