"""Searching, reading and looking around: lines, windows, pages."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eks_diag_mcp.bundle.known_lines import NO_RUN
from eks_diag_mcp.bundle.matches import folded, quoted
from eks_diag_mcp.bundle.query import Query
from eks_diag_mcp.bundle.search import in_order, search, token, untoken
from eks_diag_mcp.bundle.timeline import timeline
from eks_diag_mcp.errors import BadInput
from eks_diag_mcp.model import Window

from .conftest import CAPTURED, EVER, IPAMD, Room, no_budget, zap

MESSAGES = "var_log/messages"
SHAPES = {
    MESSAGES: "{:%b %d %H:%M:%S} host app[1]: hit\n",
    IPAMD: '{{"level":"info","ts":"{:%Y-%m-%dT%H:%M:%S}.000Z","msg":"hit"}}\n',
    "kubelet/kubelet.log": "I{:%m%d %H:%M:%S}.000000    3301 x.go:1] hit\n",
    "kernel/dmesg.human.current": "[{:%a %b %d %H:%M:%S %Y}] hit\n",
    "var_log/kube-proxy.log": "{:%Y-%m-%dT%H:%M:%S}.000000000Z stdout F hit\n",
}


@settings(max_examples=60, deadline=None)
@given(
    path=st.sampled_from(sorted(SHAPES)),
    minutes=st.lists(st.one_of(st.integers(0, 10_000), st.none()), min_size=1, max_size=300),
    start=st.integers(-10, 10_000),
    length=st.integers(1, 3000),
)
def test_a_window_loses_no_line_in_whatever_order_they_stand(
    shared_room: Room, path: str, minutes: list[int | None], start: int, length: int
) -> None:
    base = CAPTURED - timedelta(minutes=10_000)
    text = "".join("\thit without stamp\n" if m is None else SHAPES[path].format(base + timedelta(minutes=m)) for m in minutes)
    bundle = shared_room.admit({path: text})
    window = Window(base + timedelta(minutes=start), base + timedelta(minutes=start + length), "")
    expected, last = [], None
    for number, minute in enumerate(minutes, 1):
        last = minute if minute is not None else last
        if last is not None and start <= last < start + length:
            expected.append(number)
    result = search(bundle, Query("hit"), in_order(bundle, None), window, no_budget())
    lines = [line for f in result.files for line, _ in f.lines]
    leading = next((n for n, m in enumerate(minutes) if m is not None), None)
    assert lines == (
        expected if leading is not None else list(range(1, len(minutes) + 1))
    )  # a file without any time is not left out


def test_lines_of_many_blocks_in_disorder_are_all_in_their_windows(room: Room) -> None:
    """A clock that stepped: one line in ten thousand is of another day, in the middle of a block."""
    stamps = [CAPTURED - timedelta(hours=2) + timedelta(seconds=n / 10) for n in range(60_000)]
    stamps[31_234] = stray = CAPTURED - timedelta(days=4)
    bundle = room.admit({MESSAGES: "".join(f"{t:%b %d %H:%M:%S} host app[1]: request {n} is done\n" for n, t in enumerate(stamps))})
    assert len(bundle.blocks_of(0)) > 3
    window = Window(stray - timedelta(minutes=1), stray + timedelta(minutes=1), "")
    result = search(bundle, Query("request"), in_order(bundle, None), window, no_budget())
    assert [line for f in result.files for line, _ in f.lines] == [31_235]
    assert result.bytes < sum(e.size for e in bundle.files.values()), "the other blocks are not read"


def test_state_files_come_first_and_then_the_newest_log(room: Room) -> None:
    bundle = room.admit(
        {
            IPAMD: zap("2026-01-10T10:00:00Z", "x"),
            MESSAGES: "Jan  9 10:00:00 h a: x\n",
            "system/ps.txt": "x\n",
            "ipamd/enis.json": "x\n",
            "cni/empty": "",
        }
    )
    assert [e.path for e in in_order(bundle, None)] == ["ipamd/enis.json", "system/ps.txt", IPAMD, MESSAGES]
    assert [e.path for e in in_order(bundle, frozenset({"messages"}))] == [MESSAGES]


def test_context_lines_cross_the_border_of_blocks(room: Room) -> None:
    text = "".join(f"line {n} {'x' * 90}\n" for n in range(1, 20_001))
    bundle = room.admit({"system/ps.txt": text})
    border = bundle.blocks_of(0)[1].first_line
    for number in (1, border - 1, border, 20_000):
        query = Query(rf"^line {number} ")
        [found] = search(bundle, query, in_order(bundle, None), EVER, no_budget()).files
        [match] = quoted(bundle, query, found, found.lines, 2)
        shown = [int(t.split()[1]) for t in (*match.before, match.text, *match.after)]
        assert shown == [n for n in range(number - 2, number + 3) if 1 <= n <= 20_000] and match.line == number
    assert [n for n, _ in bundle.lines("system/ps.txt", border - 1, 3)] == [border - 1, border, border + 1]


def test_lines_of_one_shape_fold_into_the_newest(room: Room) -> None:
    bundle = room.admit(
        {
            IPAMD: "".join(zap(f"2026-01-10T10:00:{n:02}Z", f"failed for eni-0{n}") for n in range(9))
            + zap("2026-01-10T10:00:30Z", "failed once")
        }
    )
    query = Query("failed")
    [found] = search(bundle, query, in_order(bundle, None), EVER, no_budget()).files
    once, many = folded(bundle, query, found.entry, found.lines)
    assert (once.line, once.count, many.line, many.count) == (10, 1, 9, 9)
    assert many.first == datetime(2026, 1, 10, 10, tzinfo=UTC) and many.time == datetime(2026, 1, 10, 10, 0, 8, tzinfo=UTC)


def test_grep_and_latest_read_the_oldest_file_first_and_give_the_newest_line(room: Room) -> None:
    old = IPAMD.replace(".log", "-2026.log")
    files = {
        IPAMD: zap("2026-01-10T10:00:00Z", "pool a") + zap("2026-01-10T11:00:00Z", "pool b"),
        old: zap("2026-01-09T10:00:00Z", "pool c"),
    }
    bundle = room.admit(files)
    assert [(e.file, e.line) for e in bundle.grep(r"POOL \w", ["ipamd-log"])] == [(old, 1), (IPAMD, 1), (IPAMD, 2)]
    newest = bundle.latest("pool", ["ipamd-log"])
    assert newest is not None and (newest.line, newest.time) == (2, datetime(2026, 1, 10, 11, tzinfo=UTC))
    assert bundle.latest("nothing", ["ipamd-log"]) is None


class GivenUp(Exception):
    pass


def test_giving_up_reaches_every_reader_at_the_next_block(room: Room) -> None:
    bundle = room.admit({IPAMD: "".join(zap("2026-01-10T10:00:00Z", f"hit {n} {'x' * 3000}") for n in range(2000))})
    blocks = len(bundle.blocks_of(0))
    assert blocks > 5

    def after(calls: int):
        left = [calls]

        def checkpoint() -> None:
            left[0] -= 1
            if left[0] < 0:
                raise GivenUp

        return checkpoint

    for calls in (0, 2, blocks - 1):
        with pytest.raises(GivenUp):
            search(bundle, Query("hit"), in_order(bundle, None), EVER, no_budget(after(calls)))
        with pytest.raises(GivenUp):
            bundle.grep("hit", ["ipamd-log"], after(calls))
        with pytest.raises(GivenUp):
            timeline(bundle, EVER, None, lambda _file, _first, _after: NO_RUN, (), no_budget(after(calls)))
    search(bundle, Query("hit"), in_order(bundle, None), EVER, no_budget(after(blocks)))


def test_a_file_that_is_not_there_is_answered_with_near_ones(room: Room) -> None:
    with pytest.raises(BadInput, match=r"ipamd\.log"):
        room.admit({IPAMD: "x\n"}).text("ipamd.log")


# ---- pages ----------------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(0, 2**53 - 1), min_size=1, max_size=3))
def test_a_page_token_comes_back_as_it_was_given(parts: list[int]) -> None:
    assert untoken(token(*parts), len(parts)) == parts


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "!!!",
        "\u00e9",
        "null",
        packed(None),
        packed([1]),
        packed([1, 2, 3]),
        packed([1, -1]),
        packed([1, 2**60]),
        packed([1, True]),
        packed([1, 1.5]),
        packed(["1", 2]),
        packed({"0": 1}),
        "W1tb" * 20_000,
        token(1, 2) + "!",
        " " + token(1, 2),
        token(1, 2)[:-2],
        base64.b64encode(b"\xff\xfe").decode(),
    ],
)
def test_a_token_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="pageToken"):
        untoken(text, 2)
