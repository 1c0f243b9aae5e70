"""The timeline tells what happened around a moment, once each, and which sources are silent."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.bundle.known_lines import NO_RUN, UNTIMED, KnownRun
from eks_diag_mcp.bundle.search import Budget
from eks_diag_mcp.bundle.store import millis
from eks_diag_mcp.bundle.timeline import timeline
from eks_diag_mcp.model import Window

from .conftest import IPAMD, Room, no_budget, zap

T = datetime(2026, 1, 10, 10, 0, tzinfo=UTC)
WINDOW = Window(T, T + timedelta(minutes=5), "")


def nobody(_file: str, _first: int, _after: int) -> KnownRun:
    return NO_RUN


def known(line: int, time: datetime | None = None) -> KnownRun:
    """One known line, of the first signature named."""
    return KnownRun(*(np.asarray([n], dtype=np.int64) for n in (line, 0, UNTIMED if time is None else millis(time))))


def test_loud_and_known_lines_of_all_sources_stand_in_order_of_time(room: Room) -> None:
    files = {
        "kubelet/kubelet.log": "Jan 10 10:01:00 h kubelet[1]: E0110 10:01:00.000000 1 x.go:1] loud\nJan 10 10:02:00 h kubelet[1]: I0110 10:02:00.000000 1 x.go:1] quiet\n",
        IPAMD: zap("2026-01-10T09:59:59.999Z", "before", "error")
        + zap("2026-01-10T10:00:30Z", "known")
        + zap("2026-01-10T10:05:00Z", "behind", "error"),
        "containerd/containerd-log.txt": 'Jan 10 08:00:00 h containerd[2]: time="2026-01-10T08:00:00Z" level=error msg=x\n',
        "var_log/kube-proxy.log": "no stamp here\n",
        "system/ps.txt": "10:01:00 error\n",
    }
    result = timeline(
        room.admit(files),
        WINDOW,
        None,
        lambda file, _first, _after: known(2) if file == IPAMD else NO_RUN,
        ("a.known",),
        no_budget(),
    )
    assert [(e.component, e.line, e.signature, e.level) for e in result.events] == [
        ("vpc-cni", 2, "a.known", "debug"),
        ("kubelet", 1, None, "error"),
    ]
    assert result.lines_by_component == {"vpc-cni": 1, "kubelet": 1}
    assert result.gaps == ["kube-proxy: lines carry no time", "containerd-log: no line in the window"]
    assert result.complete


def test_lines_of_one_shape_that_follow_one_another_are_one_event(room: Room) -> None:
    log = "".join(zap(f"2026-01-10T10:0{n // 60}:{n % 60:02}Z", f"failed eni-{n}", "error") for n in (0, 1, 20, 45, 200, 201))
    events = timeline(room.admit({IPAMD: log}), WINDOW, frozenset({"ipamd-log"}), nobody, (), no_budget()).events
    assert [(e.line, e.count) for e in events] == [(1, 4), (5, 2)]


def test_the_two_clocks_of_the_kernel_tell_a_line_once(room: Room) -> None:
    full = "nf_conntrack: nf_conntrack: table full"
    files = {
        "kernel/dmesg.current": f"[   61.000000] {full}\n",
        "kernel/dmesg.human.current": f"[Sat Jan 10 10:01:01 2026] {full}\n",
        "system/procstat.txt": f"btime {int(T.timestamp())}\n",
    }
    result = timeline(room.admit(files), WINDOW, None, lambda _file, _first, _after: known(1), ("kernel.table",), no_budget())
    assert [(e.source, e.time) for e in result.events] == [("dmesg", T + timedelta(seconds=61))]


def test_a_spent_budget_is_told_also_within_the_last_file(room: Room) -> None:
    bundle = room.admit({IPAMD: "".join(zap("2026-01-10T10:00:00Z", f"x{n} {'y' * 3000}", "error") for n in range(2000))})
    seconds = iter(range(1000))
    result = timeline(bundle, WINDOW, None, nobody, (), Budget(lambda: float(next(seconds)), 3.0))
    assert not result.complete and 0 < result.lines_by_component["vpc-cni"] < 2000


def test_a_known_line_is_shown_with_the_time_and_level_that_it_tells(room: Room) -> None:
    at = T + timedelta(seconds=30, microseconds=123_456)
    bundle = room.admit({IPAMD: zap(at.isoformat().replace("+00:00", "Z"), "known", "error")})
    (event,) = timeline(bundle, WINDOW, None, lambda *_: known(1, at), ("a.known",), no_budget()).events
    assert (event.time, event.level, event.signature) == (at, "error", "a.known")


def test_lines_of_one_millisecond_stand_in_the_order_of_their_microseconds(room: Room) -> None:
    files = {
        IPAMD: zap("2026-01-10T10:00:30.000400Z", "known"),
        "var_log/kube-proxy.log": "E0110 10:00:30.000100       1 x.go:1] loud\n",
    }
    bundle = room.admit(files)
    at = T + timedelta(seconds=30)
    events = timeline(bundle, WINDOW, None, lambda file, *_: known(1, at) if file == IPAMD else NO_RUN, ("k",), no_budget()).events
    assert [e.component for e in events] == ["kube-proxy", "vpc-cni"]


def test_a_bundle_whose_loud_lines_were_noted_by_another_pattern_is_scanned_and_tells_the_same(room: Room) -> None:
    log = "".join(zap(f"2026-01-10T10:0{n}:00Z", f"l{'o' * n}", "error" if n % 2 else "info") for n in range(5))
    bundle = room.admit({IPAMD: log, "var_log/kube-proxy.log": "W0110 10:00:30.000100       1 x.go:1] loud\n"})
    noted = timeline(bundle, WINDOW, None, nobody, (), no_budget())
    path = bundle.folder / "loud" / "0.parquet"
    pq.write_table(pa.table({"file": [IPAMD], "lines": [[1]]}).replace_schema_metadata({b"loud": b"another"}), path)
    scanned = timeline(Bundle(bundle.folder), WINDOW, None, nobody, (), no_budget())
    assert noted.events == scanned.events and len(noted.events) == 3


def test_a_loud_line_between_known_lines_far_from_the_window_is_not_read_and_one_beside_it_is(room: Room) -> None:
    minutes = (-50, -40, -30, 0, 1, 2, 30, 40, 50)
    times = [T + timedelta(minutes=n) for n in minutes]
    bundle = room.admit({IPAMD: "".join(zap(t.isoformat().replace("+00:00", "Z"), f"m{n}", "error") for n, t in enumerate(times))})
    ours = [n for n in range(len(minutes)) if n % 2 == 0]
    run = KnownRun(
        *(
            np.asarray(column, dtype=np.int64)
            for column in ([n + 1 for n in ours], [0] * len(ours), [millis(times[n]) for n in ours])
        )
    )
    events = timeline(bundle, WINDOW, None, lambda *_: run, ("k",), no_budget()).events
    assert [(e.line, e.signature) for e in events] == [(4, None), (5, "k"), (6, None)]
