"""What files may hold: strange encodings, lines without end, nothing, and the words that stand for nothing."""

import pytest

from eks_diag_mcp.bundle.query import Query
from eks_diag_mcp.bundle.reader import BLOCK_BYTES, LINE_CAP, cut_line, whole_lines
from eks_diag_mcp.bundle.search import in_order, search
from tests.scenarios import hostile

from .conftest import EVER, IPAMD, Room, hits, no_budget, zap

MESSAGES = "var_log/messages"


def lines(bundle, path: str) -> list[str]:
    return [text for _, text in bundle.lines(path, 1, 1_000_000)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\r\nb\r", ["a", "b"]),
        (b"  0\r 50\r100\r* done\nx\n", ["  0\r 50\r100\r* done", "x"]),
        (b"a\n\n\nb\n", ["a", "", "", "b"]),
        (b"a \0 b\n\0\0\n", ["a \0 b", "\0\0"]),
        (b"caf\xe9 \xff\xfe\nb\n", ["caf\ufffd \ufffd\ufffd", "b"]),
        ("\u25cf ok \u4e2d\u6587\nb\n".encode(), ["\u25cf ok \u4e2d\u6587", "b"]),
        ("a\r\nb \u00e9\r\n".encode("utf-16"), ["a", "b \u00e9"]),
        (b"\xfe\xff" + "a\nb\n".encode("utf-16-be"), ["a", "b"]),
        (b"\n", [""]),
    ],
)
def test_the_lines_of_a_file_are_those_it_has(room: Room, data: bytes, expected: list[str]) -> None:
    bundle = room.admit({MESSAGES: data})
    assert lines(bundle, MESSAGES) == expected
    assert (bundle.entry(MESSAGES).lines, bundle.entry(MESSAGES).size) == (len(expected), len(data))


def test_an_utf16_file_is_searched_like_any_other(room: Room) -> None:
    bundle = room.admit({MESSAGES: "Jan 10 10:00:00 host kernel: nf_conntrack: table full\r\n".encode("utf-16")})
    assert hits(bundle) == {"kernel.table": [(MESSAGES, 1)]}


def test_a_pattern_that_ends_at_the_line_end_finds_lines_with_carriage_return(room: Room) -> None:
    bundle = room.admit({MESSAGES: b"the end\r\nthe end\n"})
    [found] = search(bundle, Query("end$"), in_order(bundle, None), EVER, no_budget()).files
    assert found.count == 2


@pytest.mark.parametrize("length", [1 << 20, LINE_CAP - 1, LINE_CAP, LINE_CAP + BLOCK_BYTES, 2 * LINE_CAP + 5])
@pytest.mark.parametrize("end", ["\nlast", "\n", ""], ids=["more", "newline", "open"])
def test_a_line_of_megabytes_is_one_line_and_those_behind_keep_their_numbers(room: Room, length: int, end: str) -> None:
    log = zap("2026-01-10T10:00:00Z", "x") + "y" * length + end
    bundle = room.admit({IPAMD: log, "system/ps.txt": "x\n"})
    entry = bundle.entry(IPAMD)
    assert entry.lines == (3 if end == "\nlast" else 2)
    if end == "\nlast":
        assert list(bundle.lines(IPAMD, 3, 5)) == [(3, "last")]
    assert bundle.text(IPAMD).text == log
    assert max(len(bundle.block_text(ref)) for ref in bundle.blocks) < LINE_CAP + 2 * BLOCK_BYTES, "memory stays constant"


def test_a_known_line_behind_a_megabyte_is_found_and_quoted_where_it_matches(room: Room) -> None:
    log = zap("2026-01-10T10:00:00Z", "iptableRules: " * 80_000 + "no available IP addresses")
    bundle = room.admit({IPAMD: log})
    assert hits(bundle)["ip.none"] == [(IPAMD, 1)]
    [quote] = bundle.finding_rows[0].quotes
    assert "no available IP addresses" in quote.text and len(quote.text) < 1000


def test_a_line_is_cut_between_words_and_never_within_a_character() -> None:
    assert cut_line(b"x" * 100 + b', "password": "hunter2hunter2') == 101
    assert cut_line(b"x" * 100 + b" hunter2") == 101
    assert cut_line("xx\u4e2d".encode()[:-1]) == 2
    assert cut_line("xx\u4e2d".encode()) == 2


def test_lines_that_the_runtime_cut_stay_together() -> None:
    stamp = b"2026-01-10T10:00:00.000000001Z stdout "
    data = stamp + b"F a\n" + stamp + b"P b\n" + stamp + b"P c\n" + b"tail"
    assert whole_lines(data, cri=True) == len(stamp) + 4
    assert whole_lines(data, cri=False) == len(data) - 4


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"", "empty"),
        (b"-- No entries --\n", "empty"),
        (b"No journal files were found.\n-- No entries --\n", "empty"),
        (b"System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus\n", "empty"),
        (b"bash: conntrack: command not found\n", "empty"),
        (b"-- No entries --\na\nb\nc\n", "present"),
        (b"x\n", "present"),
    ],
)
def test_a_file_that_says_there_is_nothing_counts_as_empty(room: Room, data: bytes, state: str) -> None:
    bundle = room.admit({"kubelet/kubelet.log": data, "system/ps.txt": "x\n"})
    assert bundle.entry("kubelet/kubelet.log").state == state
    assert bundle.coverage("kubelet-log").state == state
    assert bundle.coverage("kubelet-log").readable == (state == "present")


def test_a_source_without_files_is_absent_and_a_cut_bundle_says_why(room: Room) -> None:
    whole = room.put({"system/ps.txt": b"x\n", "system/zz.txt": bytes(range(256)) * 4000}).read_bytes()
    bundle = room.admit(whole[: len(whole) // 2])
    coverage = bundle.coverage("kubelet-log")
    assert coverage.state == "absent" and "cut" in coverage.detail


def test_odd_encodings_and_state_files_are_read_without_fault(room: Room) -> None:
    bundle = room.admit(hostile.TRAPS["odd-encodings"].make())
    assert lines(bundle, "var_log/user-data.log") == ["Nov 20 14:29:00 host app: UTF-16 line"]
    assert bundle.coverage("docker-log").state == bundle.coverage("nodeadm-log").state == "empty"
    states = room.admit(hostile.TRAPS["odd-state-files"].make(), "other.tar.gz")
    assert states.text("ipamd/enis.json").text == "Not Found\n"


# ---- copies ---------------------------------------------------------------------------------------------------------
FLAT = "var_log/aws-node-x7k2p_kube-system_aws-node-" + "ab" * 32 + ".log"
TREE = "var_log/kube-system_aws-node-x7k2p_0f3c/aws-node/0.log"
POD_LOG = '2026-01-10T10:00:00.1Z stderr F {"level":"error","msg":"no available IP addresses"}\n' * 40


@pytest.mark.parametrize("order", [(FLAT, TREE), (TREE, FLAT)], ids=["flat-first", "tree-first"])
def test_the_flat_copy_of_a_pod_log_is_stored_and_counted_once(room: Room, order: tuple[str, str]) -> None:
    bundle = room.admit(dict.fromkeys(order, POD_LOG))
    first, copy = (bundle.files[name] for name in order)
    assert copy.same_as == order[0] and bundle.finding_rows[0].count == 40
    assert {b.file_id for b in bundle.blocks} == {first.id}
    told = ("size", "lines", "sha256", "state", "first", "last")
    assert [getattr(copy, k) for k in told] == [getattr(first, k) for k in told] and copy.lines == 40
    assert bundle.text(order[1]).text == POD_LOG and [e.path for e in bundle.of_source("aws-node")] == [order[0]]


def test_files_of_equal_size_and_other_content_are_both_kept(room: Room) -> None:
    bundle = room.admit({FLAT: POD_LOG, TREE: POD_LOG.replace("10:00", "10:01")})
    assert [e.same_as for e in bundle.files.values()] == [None, None] and bundle.finding_rows[0].count == 80


def test_equal_content_under_another_source_is_kept(room: Room) -> None:
    bundle = room.admit(
        {"networking/iptables.txt": "same\n", "networking/iptables-filter.txt": "same\n", "ipamd/enis.json": "same\n"}
    )
    assert [e.same_as for e in bundle.files.values()] == [None, "networking/iptables.txt", None]
    assert bundle.texts("enis")[0].text == "same\n"


def test_a_large_copy_is_recognised_too_and_two_that_differ_at_the_end_are_not(room: Room) -> None:
    line = b"2026-01-10T10:00:00.1Z stderr F " + b"x" * 1000 + b"\n"
    log = line * 20_000
    bundle = room.admit({FLAT: log, TREE: log, TREE.replace("0.log", "1.log"): log[:-2] + b"y\n"})
    assert [e.same_as for e in bundle.files.values()] == [None, FLAT, None]
    assert [e.lines for e in bundle.files.values()] == [20_000] * 3


def test_the_two_clocks_of_the_kernel_log_are_counted_once(room: Room) -> None:
    full = "nf_conntrack: nf_conntrack: table full, dropping packet"
    files = {
        "kernel/dmesg.current": f"[   61.000000] {full}\n[   62.000000] {full}\n",
        "kernel/dmesg.human.current": f"[Fri Jan  9 12:01:01 2026] {full}\n[Fri Jan  9 12:01:02 2026] {full}\n",
        "var_log/messages": f"Jan  9 12:01:01 host kernel: {full}\n",
    }
    bundle = room.admit(files)
    assert {(r.source, r.count) for r in bundle.finding_rows} == {("dmesg", 2), ("messages", 1)}
