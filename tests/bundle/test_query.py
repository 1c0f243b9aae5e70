"""Search patterns from outside: what they may be, what they may cost, and that the fast scan loses no line."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eks_diag_mcp.bundle.query import MAX_CHARS, Query, cost_of
from eks_diag_mcp.bundle.search import Budget, in_order, search
from eks_diag_mcp.errors import BadPattern

from .conftest import EVER, Room, no_budget

PATH = "system/ps.txt"


def found(bundle, pattern: str) -> list[int]:
    return [
        line for file in search(bundle, Query(pattern), in_order(bundle, None), EVER, no_budget()).files for line, _ in file.lines
    ]


TEXT = [
    "",
    "a",
    "ab abc abcd",
    "AB",
    "foo bar",
    "foobar",
    "foo  bar",
    "aaaa",
    "x.y",
    "caf\u00e9 b",
    "\u00e9\u00e9\u00e9",
    "\u4e2d\u6587 foo",
    "foo\tbar",
    "1 22 333",
    "eni-0a1b",
    "\u212a k",
    '{"level":"error"}',
    "[x]",
    "end",
    "a\u00e9b",
    "a\u4e2db",
    "interface{}",
    "foo\u00a0bar",
    "\x0b\x0c",
    "-_-",
    "ab" * 40,
    "a\0b",
]


@pytest.fixture(scope="module")
def bundle(shared_room: Room):
    return shared_room.admit({PATH: "".join(f"{line}\n" for line in TEXT)}, "texts.tar.gz")


def obvious(pattern: str) -> list[int]:
    compiled = re.compile(pattern, re.IGNORECASE | re.ASCII)
    return [n for n, line in enumerate(TEXT, 1) if compiled.search(line)]


atom = st.sampled_from(
    [
        "a",
        "b",
        "foo",
        "bar",
        "\u00e9",
        "x",
        ".",
        r"\d",
        r"\w",
        r"\W",
        r"\s",
        r"\S",
        r"\D",
        "[ab]",
        "[^a]",
        "[a-f0-9-]",
        "[^\\s]",
        r"\.",
        r"\{",
        "-",
        "\u4e2d",
        "k",
    ]
)
repeat = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?"])
piece = st.builds(lambda a, r: (f"(?:{a})" if len(a) > 1 and not a.startswith(("[", "\\")) else a) + r, atom, repeat)
look = st.sampled_from(["", "", "", "^", r"\b", r"\B", "(?<=a)", "(?!b)", "(?=f)", "(?<!o)"])
sequence = st.builds(
    lambda parts, tail: "".join(a + b for a, b in parts) + tail,
    st.lists(st.tuples(look, piece), min_size=1, max_size=4),
    st.sampled_from(["", "", "$", ".*", r"\b"]),
)
pattern = st.one_of(
    sequence,
    st.builds("{}|{}".format, sequence, sequence),
    st.builds("({}) ?{}".format, sequence, sequence),
    st.builds(r"({})\1".format, piece),
)


@settings(max_examples=250, deadline=None)
@given(pattern)
def test_a_search_finds_what_re_finds_line_by_line(bundle, pattern: str) -> None:
    try:
        lines = found(bundle, pattern)
    except BadPattern as refused:
        empty = re.compile(pattern, re.I | re.A).search("") or "\\B" in pattern  # in an empty line re sees no \B
        assert "empty line" in refused.message and empty
        return
    assert lines == obvious(pattern)


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        (r"\Afoo", ["foo bar", "foobar", "foo  bar", "foo\tbar", "foo\u00a0bar"]),
        (r"bar\Z", ["foo bar", "foobar", "foo  bar", "foo\tbar", "foo\u00a0bar"]),
        ("foo(?= )bar|(?<=foo)bar", ["foobar"]),
        (r"(ab)\1{9}", ["ab" * 40]),
        ("a.b", ["a\u00e9b", "a\u4e2db", "a\0b", "eni-0a1b"]),
        ("^.{3}$", ["x.y", "\u00e9\u00e9\u00e9", "[x]", "end", "a\u00e9b", "a\u4e2db", "\u212a k", "-_-", "a\0b"]),
        ("[^\u00e9]\u00e9b", ["a\u00e9b"]),
        ("CAF\u00c9", []),
        ('{"level":"error"', ['{"level":"error"}']),
        ("interface{}", ["interface{}"]),
        (r"interface\{\}", ["interface{}"]),
        (r"\x66oobar|\u0066oobar", ["foobar"]),
        ("f(?P<o>o)(?P=o)bar", ["foobar"]),
        ("(?>fo+)bar", ["foobar"]),
        ("fo++b", ["foobar"]),
        (r"[[:digit:]]{3}", ["1 22 333"]),
        ("(?-i:AB)", ["AB"]),
        ("foo.*", ["foo bar", "foobar", "foo  bar", "\u4e2d\u6587 foo", "foo\tbar", "foo\u00a0bar"]),
        ("(foobar.*)", ["foobar"]),
        ("foobar.*|eni.+", ["foobar", "eni-0a1b"]),
        (r"fooba\.*r", ["foobar"]),
        (r"^x*\b[de]nd", ["end"]),
        (r"^x*\bend|^y*(?=foobar)", ["end", "foobar"]),
        (r"\bfoo\b.\bbar", ["foo bar", "foo\tbar", "foo\u00a0bar"]),
    ],
)
def test_a_pattern_means_what_it_says(bundle, pattern: str, lines: list[str]) -> None:
    assert sorted(TEXT[n - 1] for n in found(bundle, pattern)) == sorted(lines)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("(", "no regular expression"),
        ("a**", "no regular expression"),
        ("a*", "matches an empty line"),
        (".*", "matches an empty line"),
        ("x|", "matches an empty line"),
        ("|".join(f"word{n}" for n in range(20_000)), f"{MAX_CHARS} are allowed"),
        ("(" * 3000 + "a" + ")" * 3000, f"{MAX_CHARS} are allowed"),
        ("(?:a{5000}){5000}", "counted repeats"),
        ("(?:(?:(?:ab{90}c){90}){90}){90}", "counted repeats"),
    ],
)
def test_a_pattern_that_cannot_be_searched_is_refused_with_a_reason(pattern: str, says: str) -> None:
    with pytest.raises(BadPattern, match=re.escape(says)) as refused:
        Query(pattern)
    assert refused.value.next_step and len(refused.value.message) < 300


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 499 + "a" + ")" * 499,
        "|".join(f"w{n:03}" for n in range(199)),
        "(?:a{500}){500}",
        "(.{1,900}){1,30}x",
        "a.{0,500}b.{0,500}c.{0,500}d",
        "((a{0,50}){0,50}){1,12}z",
    ],
)
def test_a_heavy_pattern_within_the_bounds_ends(bundle, pattern: str) -> None:
    try:
        found(bundle, pattern)
    except BadPattern as refused:
        assert refused.next_step


EXPLODING = "a" * 400 + " b!\n"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_would_explode_costs_nothing_where_the_linear_scan_rules_the_line_out(
    shared_room: Room, pattern: str
) -> None:
    bundle = shared_room.admit({PATH: EXPLODING * 100}, "explode.tar.gz")
    assert found(bundle, pattern) == []


@pytest.mark.parametrize("pattern", [r"\A(a|aa)+$", r"\A(?:\w|\w\w)+\s*$", "(?-i:^(?:a|aa)+!$)"])
def test_a_pattern_that_explodes_on_a_line_is_refused_with_a_remedy(shared_room: Room, pattern: str) -> None:
    bundle = shared_room.admit({PATH: EXPLODING * 3}, "few.tar.gz")
    with pytest.raises(BadPattern, match="too much time") as refused:
        search(bundle, Query(pattern), in_order(bundle, None), EVER, no_budget())
    assert "repeats" in refused.value.next_step


def test_the_budget_is_asked_for_at_every_line_and_what_was_found_is_kept(shared_room: Room) -> None:
    bundle = shared_room.admit({PATH: "hit\n" * 1000, "system/top.txt": "hit\n"}, "budget.tar.gz")
    seconds = iter(range(10_000))
    budget = Budget(lambda: float(next(seconds)), 100.0)
    for pattern in ("[^x]*hit", "(?-i:hit)"):
        seconds = iter(range(10_000))
        result = search(bundle, Query(pattern), in_order(bundle, None), EVER, budget)
        assert not result.complete and "narrow it" in result.why
        assert 50 < sum(f.count for f in result.files) < 101


def test_a_pattern_that_matches_everywhere_is_looked_up_line_by_line(shared_room: Room) -> None:
    text = "".join(f"{'ab ' * 20}{n}\n" for n in range(3000))
    bundle = shared_room.admit({PATH: text}, "everywhere.tar.gz")
    assert found(bundle, "(a.*)") == list(range(1, 3001))


@pytest.mark.parametrize(
    ("pattern", "cost"),
    [
        ("abc", 3),
        ("a{3}", 3),
        ("a{2,5}b", 6),
        ("(ab){10}", 20),
        ("(?:a{10}b){10}", 110),
        (r"\d{4}", 4),
        ("[a-z]{7}x", 8),
        ("a{2,}", 2),
    ],
)
def test_the_cost_of_a_pattern_is_its_length_with_the_repeats_written_out(pattern: str, cost: int) -> None:
    assert cost_of(pattern) == cost


def test_a_pattern_too_dear_to_compile_for_the_fast_scan_is_still_searched(bundle) -> None:
    query = Query("(?:ab){40}.{0,3000}$")
    assert query.fast is None and found(bundle, query.text) == [TEXT.index("ab" * 40) + 1]


class GivenUp(Exception):
    pass


@pytest.mark.parametrize("pattern", ["(?-i:hit)", "[^x]*hit"])
def test_giving_up_reaches_a_scan_within_a_block(shared_room: Room, pattern: str) -> None:
    bundle = shared_room.admit({PATH: "hit\n" * 5000}, "one-block.tar.gz")
    [entry] = [e for e in in_order(bundle, None) if e.path == PATH]
    asked = [0]

    def checkpoint() -> None:
        asked[0] += 1
        if asked[0] == 10:
            raise GivenUp

    with pytest.raises(GivenUp):
        search(bundle, Query(pattern), [entry], EVER, no_budget(checkpoint))
    assert len(bundle.blocks_of(entry.id)) == 1


@settings(max_examples=150, deadline=None)
@given(pattern)
def test_where_the_fast_scan_is_exact_it_needs_no_check(pattern: str) -> None:
    try:
        query = Query(pattern)
    except BadPattern:
        return
    if query.exact:
        assert query.patterns is not None
        near = query.patterns.found("\n".join(TEXT).encode())
        assert near is not None and [line + 1 for line in near.lines.tolist()] == obvious(pattern)
