"""What a pattern needs, and which blocks can hold it: never a block too few."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eks_diag_mcp.bundle.grams import BYTES, bitmap, may_hold
from eks_diag_mcp.bundle.needles import Needs, needs_of

from .test_query import pattern as patterns


def bitmaps(*texts: str) -> np.ndarray:
    return np.frombuffer(b"".join(bitmap(t.encode()) for t in texts), dtype=np.uint8).reshape(-1, BYTES)


@pytest.mark.parametrize(
    ("pattern", "words", "width"),
    [
        ("no available IP", ("no available ip",), 15),
        ("kube-proxy.*error", ("kube-proxy", "error"), 15),
        ("ab+c", ("ab", "c"), 3),
        ("ab*c", ("a", "c"), 2),
        ("ab{2,3}c", ("ab", "c"), 4),
        ("ab{0,3}c", ("a", "c"), 2),
        (r"a\.b\d{3}c", ("a.b", "c"), 7),
        (r"\bfoo\b|^bar$", (), 3),
        ("[abc]def", ("def",), 4),
        ("(?=look)ahead", ("ahead",), 5),
        ("caf\u00e9 au", ("caf", " au"), 7),
        ("(?:lost)?found", ("found",), 5),
        ("a*?b", ("b",), 1),
        (r"(ab)\1", (), 2),
    ],
)
def test_the_words_that_a_pattern_needs(pattern: str, words: tuple[str, ...], width: int) -> None:
    needs = needs_of(pattern)
    assert (needs.words, needs.width) == (words, width)


@pytest.mark.parametrize("pattern", ["(?i)foo", "(?P<a>foo)", "foo(", "[", "(" * 100 + "foo" + ")" * 100, "foo)", "*foo", "foo\\"])
def test_what_is_not_understood_asks_for_nothing(pattern: str) -> None:
    assert needs_of(pattern) == Needs()


def test_a_branch_that_needs_nothing_frees_the_others() -> None:
    blocks = bitmaps("connection refused by peer", "quiet")
    assert may_hold(blocks, needs_of("refused|peered")).tolist() == [True, False]
    assert may_hold(blocks, needs_of(r"refused|\d+")).tolist() == [True, True]
    assert may_hold(blocks, needs_of("(?:refused|missing) by peer")).tolist() == [True, False]


def test_words_are_told_apart_whatever_their_case() -> None:
    blocks = bitmaps("INSUFFICIENT cidr Blocks", "insufficient", "")
    assert may_hold(blocks, needs_of("InsufficientCidr")).tolist() == [False, False, False]
    assert may_hold(blocks, needs_of("insuFFicient ciDR")).tolist() == [True, False, False]
    assert may_hold(blocks, Needs()).tolist() == [True, True, True]


@settings(max_examples=300, deadline=None)
@given(patterns, st.text(alphabet="abfoxr k\u00e9.-1", max_size=40), st.sampled_from(["", "foobar ", "abab", "xabfoo"]))
def test_no_text_that_matches_is_left_out(pattern: str, text: str, more: str) -> None:
    line = more + text
    if re.search(pattern, line, re.IGNORECASE | re.ASCII):
        assert may_hold(bitmaps(line), needs_of(pattern)).tolist() == [True]
        assert len(line) >= needs_of(pattern).width
