"""One clock for a bundle: years that lines leave out, seconds since boot, and lines that carry no stamp."""

from datetime import UTC, datetime, timedelta

import pytest

from eks_diag_mcp.bundle.boot import BootFinder
from eks_diag_mcp.bundle.clock import Clock, Stamp
from eks_diag_mcp.bundle.findings_table import read_hits
from eks_diag_mcp.bundle.known_lines import KnownLines
from eks_diag_mcp.bundle.query import Query
from eks_diag_mcp.bundle.reader import BLOCK_BYTES
from eks_diag_mcp.bundle.search import in_order, search
from eks_diag_mcp.bundle.store import Block, from_millis
from eks_diag_mcp.bundle.timeline import timeline
from eks_diag_mcp.model import Window

from .conftest import CAPTURED, IPAMD, Room, no_budget, zap

BOOTED = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("captured", "line", "year"),
    [
        ("2026-01-02", "12-31", 2025),
        ("2026-01-02", "01-01", 2026),
        ("2026-01-02", "01-03", 2026),  # clocks step: a little after the capture is no other year
        ("2026-01-02", "01-04", 2025),
        ("2025-12-31", "01-01", 2026),
        ("2025-12-31", "01-02", 2025),
        ("2026-03-01", "02-29", 2024),
        ("2024-03-01", "02-29", 2024),
        ("2024-02-28", "02-29", 2024),
        ("2100-03-01", "02-29", 2096),
    ],
)
def test_a_stamp_without_year_gets_the_latest_year_not_after_the_capture(captured: str, line: str, year: int) -> None:
    stamp = Stamp(datetime(2000, int(line[:2]), int(line[3:]), tzinfo=UTC), yearless=True)
    found = Clock(at(captured)).resolve(stamp)
    assert found is not None and found.year == year


def times_of(room: Room, files: dict[str, str], signature: str, **how) -> list[datetime | None]:
    bundle = room.admit(files, **how)
    return [from_millis(hit.time) for hit in read_hits(bundle.folder, signature)]


def test_december_lines_of_a_january_capture_are_last_years(room: Room) -> None:
    line = " ip-10-0-1-2 kernel: nf_conntrack: table full\n"
    log = f"Dec 31 23:59:58{line}Jan  1 00:00:01{line}"
    found = times_of(room, {"var_log/messages": log}, "kernel.table", at=at("2026-01-01T00:10:00"))
    assert found == [at("2025-12-31T23:59:58"), at("2026-01-01T00:00:01")]


def test_each_file_is_dated_by_its_own_copy_and_read_back_alike(room: Room) -> None:
    log = "Dec 30 10:00:00 ip-10-0-1-2 kernel: nf_conntrack: table full\n"
    bundle = room.admit({"var_log/messages": log, "system/top.txt": "x\n"}, times={"var_log/messages": at("2025-02-01")})
    [hit] = read_hits(bundle.folder)
    assert from_millis(hit.time) == at("2024-12-30T10:00:00") == bundle.time_in(bundle.entry("var_log/messages"), log)


def test_a_line_from_the_future_shifts_no_other(room: Room) -> None:
    log = "".join(
        zap(t, "no available IP addresses") for t in ("2026-01-10T10:00:00Z", "2031-05-05T00:00:00Z", "2026-01-10T10:00:01Z")
    )
    assert times_of(room, {IPAMD: log}, "ip.none") == [
        at("2026-01-10T10:00:00"),
        at("2031-05-05T00:00:00"),
        at("2026-01-10T10:00:01"),
    ]


def test_a_file_copied_in_the_future_does_not_move_the_capture(room: Room) -> None:
    bundle = room.admit({f"system/{n}.txt": "x\n" for n in range(5)}, times={"system/4.txt": at("2090-01-01")})
    assert bundle.captured == CAPTURED


# ---- lines without a stamp ------------------------------------------------------------------------------------------
def test_unstamped_lines_take_the_time_of_the_line_before_them(room: Room) -> None:
    log = "2018-02-27T13:58:34Z [ERROR] Failed\n\tno available IP addresses\n2018-02-27T13:58:40Z [INFO] x\n\tat y\n\tno available IP addresses\n"
    assert times_of(room, {IPAMD: log}, "ip.none") == [at("2018-02-27T13:58:34"), at("2018-02-27T13:58:40")]


def test_an_unstamped_line_is_no_line_of_the_program_before_it(room: Room) -> None:
    log = "Jan 10 10:00:00 host kernel: a\nnf_conntrack: table full\n"
    assert times_of(room, {"var_log/messages": log}, "kernel.table") == []


def test_the_inheritance_crosses_the_border_of_blocks(room: Room) -> None:
    panic, trace = zap("2026-01-10T10:00:00Z", "panic"), "\tat somewhere\n" * 150 + "\tno available IP addresses\n"
    filler = zap("2026-01-10T09:00:00Z", "x" * 900)
    head = filler * ((BLOCK_BYTES - 3000) // len(filler))
    head += "y" * (BLOCK_BYTES - len(head) - len(panic) - 1000) + "\n"
    bundle = room.admit({IPAMD: head + panic + trace + zap("2026-01-10T11:00:00Z", "x" * 900) * 2})
    [hit], [found] = read_hits(bundle.folder), bundle.grep("no available IP", ["ipamd-log"])
    assert from_millis(hit.time) == found.time == at("2026-01-10T10:00:00")
    before, block = bundle.blocks_of(bundle.entry(IPAMD).id)
    assert before.first_line < hit.line - 150 < block.first_line < hit.line, "the border lies within the trace"
    window = Window(at("2026-01-10T09:59:00"), at("2026-01-10T10:01:00"), "")
    result = search(bundle, Query("no available IP"), in_order(bundle, None), window, no_budget())
    assert [(f.count, result.outside) for f in result.files] == [(1, 0)]
    known = KnownLines(bundle.folder, {"ip.none": "cause"})
    events = timeline(bundle, window, None, known.between, known.names, no_budget()).events
    assert [e.time for e in events] == [found.time]


def test_what_stands_before_the_first_stamp_has_no_time(room: Room) -> None:
    log = "no available IP addresses\n" + zap("2026-01-10T10:00:00Z", "x")
    assert times_of(room, {IPAMD: log}, "ip.none") == [None]


# ---- the kernel's clock ---------------------------------------------------------------------------------------------
FULL = "nf_conntrack: nf_conntrack: table full, dropping packet"
DMESG = f"[    0.000000] Linux version 6.1\n[ 3600.500000] {FULL}\n"
HUMAN = f"[Fri Jan  9 12:00:00 2026] Linux version 6.1\n[Fri Jan  9 13:00:00 2026] {FULL}\n"


@pytest.mark.parametrize(
    "witness",
    [
        {"system/procstat.txt": f"cpu 1 2\nbtime {int(BOOTED.timestamp())}\nprocesses 1\n"},
        {"system/top.txt": "top - 12:00:00 up 1 day,  0:00,  0 users\n"},
    ],
    ids=["procstat", "top"],
)
@pytest.mark.parametrize("first", [True, False], ids=["before", "behind"])
def test_seconds_since_boot_become_times(room: Room, witness: dict[str, str], first: bool) -> None:
    files = {**witness, "kernel/dmesg.current": DMESG} if first else {"kernel/dmesg.current": DMESG, **witness}
    bundle = room.admit(files)
    entry = bundle.entry("kernel/dmesg.current")
    [hit] = read_hits(bundle.folder)
    assert (bundle.boot, from_millis(hit.time)) == (BOOTED, at("2026-01-09T13:00:00.500"))
    assert (entry.first, entry.last) == ("2026-01-09T12:00:00.000Z", "2026-01-09T13:00:00.500Z")
    assert bundle.finding_rows[0].quotes[0].time == hit.time


@pytest.mark.parametrize(
    ("says", "minutes"),
    [
        ("3 days,  4:05,", 4565),
        ("1 day, 12 min,", 1452),
        (" 3:04,", 184),
        ("3:04,", 184),
        ("10:00,", 600),
        ("7 min,", 7),
        ("12 days, 23:59,", 18719),
    ],
)
def test_top_says_how_long_the_node_is_up(says: str, minutes: int) -> None:
    finder = BootFinder()
    finder.see(
        Block(0, "system/top.txt", "processes", 0, 1, 1, f"top - 12:00:00 up {says}  0 users,  load average: 0.1\n".encode())
    )
    assert finder.find(CAPTURED) == CAPTURED - timedelta(minutes=minutes)


def test_the_same_lines_in_both_clocks_tell_boot_time(room: Room) -> None:
    twice = DMESG + f"[ 7200.000000] {FULL}\n"
    bundle = room.admit({"kernel/dmesg.current": twice, "kernel/dmesg.human.current": HUMAN})
    assert bundle.boot is not None and abs((bundle.boot - BOOTED).total_seconds()) <= 1


def test_without_a_witness_kernel_lines_have_no_time(room: Room) -> None:
    bundle = room.admit({"kernel/dmesg.current": DMESG})
    assert bundle.boot is None
    assert [hit.time for hit in read_hits(bundle.folder)] == [None]
    assert [(b.ts_min, b.ts_max) for b in bundle.blocks] == [(None, None)]
    assert bundle.entry("kernel/dmesg.current").first is None


def test_a_cut_first_line_does_not_hide_the_kernels_clock(room: Room) -> None:
    files = {"kernel/dmesg.current": "tail of a line\n" + DMESG, "system/procstat.txt": f"btime {int(BOOTED.timestamp())}\n"}
    assert times_of(room, files, "kernel.table") == [at("2026-01-09T13:00:00.500")]


def test_a_line_that_mimics_the_other_clock_gives_no_time_of_1970(room: Room) -> None:
    files = {"kernel/dmesg.human.current": HUMAN + f"[   61.000000] {FULL}\n"}
    bundle = room.admit(files)
    assert [from_millis(hit.time) for hit in read_hits(bundle.folder)] == [at("2026-01-09T13:00:00")] * 2
    assert [from_millis(b.ts_min) for b in bundle.blocks] == [at("2026-01-09T12:00:00")]


def test_a_sampled_rule_in_a_kernel_file_has_its_times_shifted_too(room: Room) -> None:
    lines = "".join(f"[ {n}.000000] eth0: link is up\n" for n in range(1, 200))
    bundle = room.admit({"kernel/dmesg.current": lines, "system/procstat.txt": f"btime {int(BOOTED.timestamp())}\n"})
    [row] = bundle.finding_rows
    assert (row.count, from_millis(row.first), from_millis(row.last)) == (199, at("2026-01-09T12:00:01"), at("2026-01-09T12:03:19"))
