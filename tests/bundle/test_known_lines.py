"""Known lines: of several signatures on a line the one that says most."""

from datetime import UTC, datetime

from eks_diag_mcp.bundle.known_lines import UNTIMED, KnownLines
from eks_diag_mcp.bundle.rules import LineRule
from eks_diag_mcp.bundle.store import from_millis

from .conftest import IPAMD, Room, zap

RULES = (
    LineRule("a.context", "pool", scopes=("ipamd-log",)),
    LineRule("a.echo", "pool is empty", scopes=("ipamd-log",)),
    LineRule("a.cause", "no address", scopes=("ipamd-log",)),
    LineRule("a.gone", "gone", scopes=("ipamd-log",)),
)
ROLES = {"a.context": "context", "a.echo": "echo", "a.cause": "cause"}


def test_a_cause_outranks_an_echo_and_an_echo_outranks_context(tmp_path) -> None:
    room = Room(tmp_path, rules=RULES)
    texts = ["pool", "x", "pool is empty", "pool is empty: no address", "gone", "no address"]
    bundle = room.admit({IPAMD: "".join(zap("2026-01-10T10:00:00Z", t) for t in texts), "system/ps.txt": "pool\n"})
    known = KnownLines(bundle.folder, ROLES)  # type: ignore[arg-type]
    assert [known.get(IPAMD, line) for line in range(8)] == [
        None,
        ("a.context", "context"),
        None,
        ("a.echo", "echo"),
        ("a.cause", "cause"),
        None,
        ("a.cause", "cause"),
        None,
    ]
    assert known.get("system/ps.txt", 1) is None
    run = known.between(IPAMD, 2, 6)
    assert [(n, known.names[c]) for n, c in zip(run.lines, run.signatures, strict=True)] == [(3, "a.echo"), (4, "a.cause")]
    assert {from_millis(int(t)) for t in run.times} == {datetime(2026, 1, 10, 10, tzinfo=UTC)}
    assert not len(known.between("none", 1, 9).lines)


def test_all_hits_of_a_signature_tell_their_times_in_order_also_where_another_says_more(tmp_path) -> None:
    room = Room(tmp_path, rules=RULES)
    times = [f"2026-01-10T10:00:0{second}Z" for second in (3, 1, 2)]
    bundle = room.admit({IPAMD: "".join(zap(t, "pool is empty: no address") for t in times), "var_log/containers/x": "pool\n"})
    known = KnownLines(bundle.folder, ROLES)  # type: ignore[arg-type]
    assert [[from_millis(int(t)).second for t in known.times[name]] for name in ("a.echo", "a.cause")] == [[1, 2, 3]] * 2  # type: ignore[union-attr]


def test_a_hit_without_a_time_stands_in_no_list_of_times(tmp_path) -> None:
    bundle = Room(tmp_path, rules=RULES).admit({IPAMD: "no address\n"})
    known = KnownLines(bundle.folder, ROLES)  # type: ignore[arg-type]
    assert known.between(IPAMD, 1, 2).times.tolist() == [UNTIMED] and not len(known.times["a.cause"])


def test_a_bundle_without_hits_knows_no_line(tmp_path) -> None:
    bundle = Room(tmp_path, rules=RULES).admit({IPAMD: zap("2026-01-10T10:00:00Z", "quiet")})
    known = KnownLines(bundle.folder, ROLES)  # type: ignore[arg-type]
    assert known.get(IPAMD, 1) is None and not len(known.between(IPAMD, 1, 100).lines)
