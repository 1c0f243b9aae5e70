"""Every signature is fed the lines of every other one: none takes another cause's line for its own.

`tests/test_cases.py` does the same with whole incidents: the excerpts of each in an otherwise healthy bundle."""

import pytest

from eks_diag_mcp.diagnose.causes import causes
from eks_diag_mcp.signatures.catalogue import Compiled, catalogue

ROWS = catalogue().rows
TELLING = [row for row in ROWS if row.row.role == "cause" and row.row.weight >= 3 and row.row.speaks_for]
"""Those that may support a cause by themselves."""


def family(cause: str) -> str:
    return cause.split(".", maxsplit=1)[0]


def related(one: Compiled, other: Compiled) -> bool:
    """Two rows about one fault: one family, or one is a consequence of the other."""
    table = causes()
    said, claimed = one.row.speaks_for, other.row.speaks_for[0]
    follows = {family(c) for cause in said for c in (cause, *table.explained(cause))}
    leads = {family(c) for c in table.explained(claimed)}
    return family(claimed) in follows or bool(leads & {family(c) for c in said})


def claimants(line: str, row: Compiled) -> list[str]:
    """Other rows that would support a foreign cause by this line, in a log that both read."""
    return [
        other.row.id
        for other in TELLING
        if other is not row and set(other.row.sources) & set(row.row.sources) and other.hits(line) and not related(row, other)
    ]


@pytest.mark.parametrize("kind", ["cause", "echo", "context"])
def test_no_line_of_a_signature_supports_a_foreign_cause(kind: str) -> None:
    found = {row.row.id: wrong for row in ROWS if row.row.role == kind for h in row.row.hits if (wrong := claimants(h, row))}
    assert found == {}
