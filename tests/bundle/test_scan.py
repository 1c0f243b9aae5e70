"""The fast scan finds what the obvious one finds: every rule tried on every line by itself."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eks_diag_mcp.bundle.findings_table import read_hits
from eks_diag_mcp.bundle.reader import BLOCK_BYTES
from eks_diag_mcp.bundle.rules import LineRule, PatternSet, one_byte
from eks_diag_mcp.bundle.sources import sources
from eks_diag_mcp.bundle.store import from_millis
from eks_diag_mcp.errors import BadPattern
from eks_diag_mcp.signatures.catalogue import Catalogue, catalogue

from .conftest import IPAMD, POD, RULES, Room, counts, hits, zap

MESSAGES = "var_log/messages"


def obvious(rules: tuple[LineRule, ...], path: str, text: str) -> dict[str, list[tuple[str, int]]]:
    """signature -> (file, line), rule by rule and line by line."""
    found: dict[str, list[tuple[str, int]]] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        program = re.match(r"\w{3} +\d+ [\d:]+ \S+ ([^\s:\[]+)(?:\[\d+\])?: ", line)
        for rule in rules:
            programs = rule.programs(sources().of(path).name)
            scoped = programs is not None and (None in programs or (program and program[1] in programs))
            if scoped and rule.hits(line):
                found.setdefault(rule.id, []).append((path, number))
    return found


PIECES = (
    "no available IP addresses",
    "No Available IP/Prefix Addresses",
    "nf_conntrack: table full",
    "PLEG is not healthy",
    "for 0s",
    "boom",
    "b\u00e9\u4e2dm!",
    "b\u00e9m!",
    "bxxxxm!",
    "Reconciling ENI/IP pool",
    "link is up",
    " ",
    "\t",
    "\r",
    "\0",
    "\u00e9",
    "no available",
    "IP addresses",
    "x" * 50,
    "PASSWORD=hunter22 ",
)
HEADS = (
    "Jan 10 10:00:00 host kernel: ",
    "Jan 10 10:00:01 host kubelet[33]: ",
    "Jan 10 10:00:02 host app[1]: ",
    "",
    '{"level":"info","ts":"2026-01-10T10:00:00Z","msg":"',
)
random_line = st.builds(
    lambda head, parts: head + "".join(parts), st.sampled_from(HEADS), st.lists(st.sampled_from(PIECES), max_size=5)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(random_line, min_size=1, max_size=60),
    path=st.sampled_from([MESSAGES, IPAMD, "kubelet/kubelet.log", "kernel/dmesg.current", "system/ps.txt"]),
)
def test_the_fast_scan_equals_the_obvious_one(shared_room: Room, lines: list[str], path: str) -> None:
    text = "\n".join(lines) + "\n"
    bundle = shared_room.admit({path: text})
    stored = bundle.text(path).text
    expected = obvious(RULES, path, re.sub(r"\r(?=\n)", "", stored))
    assert counts(bundle) == {signature: len(places) for signature, places in expected.items()}
    seldom = {s: places for s, places in expected.items() if len(places) <= 24}
    assert {s: places for s, places in hits(bundle).items() if s in seldom} == seldom


def test_hits_in_several_blocks_carry_their_file_line_and_time(room: Room) -> None:
    log, expected = "", []
    for n in range(30_000):
        rare = n % 997 == 5
        log += zap(
            f"2026-01-10T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z", "no available IP addresses" if rare else f"x {n}" * 9
        )
        expected += [(n + 1, f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}")] if rare else []
    bundle = room.admit({IPAMD: log, "system/ps.txt": "no available IP addresses\n"})
    assert len(bundle.blocks_of(0)) > 2
    assert [(h.file, h.line, f"{from_millis(h.time):%H:%M:%S}") for h in read_hits(bundle.folder, "ip.none")] == [
        (IPAMD, *e) for e in expected
    ]
    [row] = bundle.finding_rows
    assert (row.count, row.files, f"{from_millis(row.last):%H:%M:%S}") == (len(expected), (IPAMD,), expected[-1][1])
    assert row.quotes[-1].line == expected[-1][0]


def test_a_context_line_that_comes_thousands_of_times_is_counted_exactly(room: Room) -> None:
    log = "".join(zap(f"2026-01-10T10:{n // 60 % 60:02}:{n % 60:02}Z", "Reconciling ENI/IP pool") for n in range(3000))
    [row] = room.admit({IPAMD: log}).finding_rows
    assert (row.count, row.untimed) == (3000, 0)
    assert [f"{from_millis(t):%H:%M:%S}" for t in (row.first, row.last)] == ["10:00:00", "10:49:59"]


@pytest.mark.parametrize(
    "rule",
    [
        LineRule("a.b", "pool", unless="quiet", sampled=True),
        LineRule("a.b", r"pool\s+x", sampled=True),
        LineRule("a.b", r"pool[^x]x", sampled=True),
        LineRule("a.b", "pool", scopes=("messages/app",), sampled=True),
    ],
)
def test_what_the_fast_scan_alone_cannot_decide_is_never_just_counted(tmp_path, rule: LineRule) -> None:
    log = "Jan 10 10:00:00 host app[1]: pool\nx quiet pool\nJan 10 10:00:00 host other[1]: pool quiet\n" * 50
    bundle = Room(tmp_path, rules=(rule,)).admit({MESSAGES: log})
    assert counts(bundle) == {s: len(p) for s, p in obvious((rule,), MESSAGES, log).items()}


# ---- the shipped catalogue ------------------------------------------------------------------------------------------
def test_every_sample_of_every_signature_is_found_in_every_source_of_its_own(tmp_path_factory) -> None:
    shipped: Catalogue = catalogue()
    room = Room(tmp_path_factory.mktemp("shipped"), rules=shipped.rows)
    files: dict[str, list[str]] = {}
    paths = {s.name: s.paths[0].replace("**", "x").replace("*", "x") for s in sources().rows}
    for rule in shipped.rows:
        for scope in rule.row.sources:
            source, _, _ = scope.partition("/")
            files.setdefault(paths[source], []).extend([*rule.row.hits, *rule.row.misses])
    files = {path: lines for path, lines in files.items() if not path.endswith(".gz") and "\n" not in "".join(lines)}
    bundle = room.admit({path: "".join(f"{line}\n" for line in lines) for path, lines in files.items()})
    for path in files:
        entry = bundle.files[path]
        stored = [text for _, text in bundle.lines(path, 1, 10**6)]
        expected: dict[str, int] = {}
        for rule in shipped.rows:
            programs = rule.programs(entry.source)
            if (
                programs is not None
                and None in programs
                and not sources().by_name[entry.source].mirrors
                and (n := sum(map(rule.hits, stored)))
            ):
                expected[rule.id] = n
        got = {r.signature: r.count for r in bundle.finding_rows if r.source == entry.source and r.signature in expected}
        assert got == expected, path


# ---- lines that the runtime cut -------------------------------------------------------------------------------------
STAMP = "2026-01-10T10:00:0{}.000000000Z std{} {} {}\n"
WHOLE = '{"level":"error","msg":"DataStore has no available IP/Prefix addresses"}'


@pytest.mark.parametrize("cut", range(30, 72, 3))
def test_a_known_line_cut_in_parts_is_found_where_it_begins(room: Room, cut: int) -> None:
    log = STAMP.format(1, "out", "F", "x") + STAMP.format(2, "out", "P", WHOLE[:cut]) + STAMP.format(3, "out", "F", WHOLE[cut:])
    bundle = room.admit({POD: log})
    begins = 2 if cut > WHOLE.index("no available") else 3
    assert hits(bundle) == {"ip.none": [(POD, begins)]}
    [hit] = read_hits(bundle.folder)
    assert from_millis(hit.time).second == begins
    assert "no available IP/Prefix addresses" in bundle.finding_rows[0].quotes[0].text


def test_three_parts_between_lines_of_the_other_stream_are_one_message(room: Room) -> None:
    parts = [
        STAMP.format(n, "out", "F" if n == 5 else "P", t) for n, t in ((1, "no avail"), (3, "able IP/Pre"), (5, "fix addresses"))
    ]
    other = STAMP.format(2, "err", "F", "x")
    assert hits(room.admit({POD: parts[0] + other + parts[1] + other + parts[2]})) == {"ip.none": [(POD, 1)]}


def test_parts_that_hit_by_themselves_are_counted_once(room: Room) -> None:
    log = STAMP.format(1, "out", "P", "no available IP addresses boom") + STAMP.format(2, "out", "F", " boom")
    assert hits(room.admit({POD: log})) == {"any.boom": [(POD, 1), (POD, 2)], "ip.none": [(POD, 1)]}


def test_lines_that_are_whole_are_not_joined(room: Room) -> None:
    log = (
        STAMP.format(1, "out", "F", "no available")
        + STAMP.format(2, "out", "F", " IP addresses")
        + STAMP.format(3, "out", "P", "no available IP")
    )
    assert hits(room.admit({POD: log})) == {}


def test_a_message_over_the_border_of_blocks_is_found(room: Room) -> None:
    filler = STAMP.format(0, "out", "F", "x" * 900)
    head = filler * ((BLOCK_BYTES - 20_000) // len(filler))
    parts = STAMP.format(1, "out", "P", "y" * 16_000 + "no available") + STAMP.format(2, "out", "F", " IP addresses" + "z" * 16_000)
    bundle = room.admit({POD: head + parts + filler * 600})
    number = head.count("\n") + 1
    assert bundle.blocks_of(0)[1].first_line == number, "the message begins a block of its own"
    assert hits(bundle) == {"ip.none": [(POD, number)]} and bundle.entry(POD).lines == number + 601


# ---- the pattern set ------------------------------------------------------------------------------------------------
def test_a_character_counts_as_one_also_beyond_ascii() -> None:
    assert one_byte("a\u00e9\u4e2d\U0001f600b".encode()) == b"a\xff\xff\xffb"
    patterns = PatternSet(["^a.{3}b$", "\u00e9", "m\u00fcller+"])
    text = "a\u00e9\u4e2d\U0001f600b\nM\u00dcLLER\nabc\n"
    assert set(patterns.lines(text.encode()) or ()) >= {(0, 0), (1, 0), (2, 1)}
    assert not [place for place in patterns.lines(text.encode()) or () if place[1] == 2]


def test_too_many_places_are_no_answer() -> None:
    patterns = PatternSet(["a"])
    assert patterns.lines(b"a" * 100, most=99) is None
    assert patterns.lines(b"a" * 100, most=100) == [(0, 0)]


def test_a_negated_class_beyond_ascii_is_refused_where_it_could_lose_lines() -> None:
    with pytest.raises(BadPattern):
        PatternSet(["[^\u00e9]x"])


def test_a_damaged_database_on_disk_is_made_anew(tmp_path) -> None:
    made = PatternSet(["abc"], tmp_path)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:40])
    assert PatternSet(["abc"], tmp_path).lines(b"x abc\n") == made.lines(b"x abc\n") == [(0, 0)]
    assert len(path.read_bytes()) > 40 and list(tmp_path.iterdir()) == [path]
