"""Untrusted text, quoted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eks_diag_mcp.quoting import clean, one_line


def test_plain_text_stays_verbatim():
    text = 'E1123 10:00:00 "x" err="\\"quoted\\"" naïve 日本語 🙂 \t tab\nline'
    assert clean(text) is text or clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]8;;http://x\x07y", "\\x1b]8;;http://x\\x07y"),
        ("a\rb\x00\x7f\x9b", "a\\x0db\\x00\\x7f\\x9b"),
        ("user\u202etxt.exe\u2066", "user\\u202etxt.exe\\u2066"),
        ("a\u2028b\u2029c\u200bd\ufeff", "a\\u2028b\\u2029c\\u200bd\\ufeff"),
        ("x\U000e0041", "x\\U000e0041"),
        (b"\xff".decode("utf-8", "surrogateescape"), "\\udcff"),
    ],
)
def test_what_could_act_on_a_terminal_or_hide_is_shown(text, shown):
    assert clean(text) == shown


def test_a_long_line_is_cut_with_a_marker_that_counts_the_rest():
    assert clean("x" * 2_007, 2_000) == "x" * 2_000 + "…[7 more characters]"
    assert clean("x" * 2_000, 2_000) == "x" * 2_000


@given(st.text(st.sampled_from("a\n\t\x1b\u202e\U000e0041é"), max_size=60), st.integers(0, 40))
def test_the_limit_holds_whatever_the_text(text, limit):
    shown = clean(text, limit)
    body, marker, rest = shown.partition("…")
    assert len(body) <= limit and not re.search("[\x00-\x08\x1b\u202e\U000e0041]", shown)
    assert bool(marker) == (len(clean(text, 10_000)) > limit)
    if marker:
        kept = len(text) - int(rest.removeprefix("[").split()[0])
        assert clean(text[:kept], 10_000) == body
    shown.encode("utf-8")


def test_a_name_is_one_line():
    assert one_line(" a\n b\t\x1bc ") == "a b \\x1bc"
