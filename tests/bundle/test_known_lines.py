"""Known lines: of several signatures on a line the one that says most."""

from eks_diag_mcp.bundle.known_lines import KnownLines
from eks_diag_mcp.bundle.rules import LineRule

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
    assert known.between(IPAMD, 2, 6) == [(3, "a.echo"), (4, "a.cause")] and known.between("none", 1, 9) == []


def test_a_bundle_without_hits_knows_no_line(tmp_path) -> None:
    bundle = Room(tmp_path, rules=RULES).admit({IPAMD: zap("2026-01-10T10:00:00Z", "quiet")})
    known = KnownLines(bundle.folder, ROLES)  # type: ignore[arg-type]
    assert known.get(IPAMD, 1) is None and known.between(IPAMD, 1, 100) == []
