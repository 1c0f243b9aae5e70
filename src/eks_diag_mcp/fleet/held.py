"""A bundle as fleet questions see it: whose it is, when it was captured, and its finding rows. No text."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from ..bundle.findings_table import FindingRow
from ..errors import DiagError
from .whose import Whose

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

YEAR_ONE = datetime.min.replace(tzinfo=UTC)
"""When a bundle was captured that does not tell."""
UNREADABLE = (DiagError, OSError, ValueError, TypeError, KeyError)
"""What a bundle raises whose files are gone, cut, or not what they should be."""
SPENT = "the time of the call was used up; `eks-diag-mcp fleet compact` makes it quick"
Rows = Callable[[], tuple[FindingRow, ...]]


@dataclass(frozen=True)
class Held:
    """One bundle. `signatures` is the set it was scanned with; `whose` is asked only where clusters matter: it may read a
    file. `rows` reads its findings."""

    digest: str
    instance_id: str
    captured: datetime
    boot: datetime | None
    signatures: str
    tell: Callable[[], Whose]
    rows: Rows

    @cached_property
    def whose(self) -> Whose:
        """The cluster it is of."""
        return self.tell()

    @cached_property
    def finding_rows(self) -> tuple[FindingRow, ...]:
        """The stored halves of its findings."""
        return self.rows()

    @classmethod
    def of(cls, bundle: "Bundle", tell: Callable[[], Whose], rows: Rows | None = None) -> "Held":
        """From the bundle itself. `rows`: where its findings are had more cheaply."""
        return cls(
            bundle.digest,
            bundle.instance_id,
            bundle.captured,
            bundle.boot,
            bundle.manifest.signatures,
            tell,
            rows or (lambda: bundle.finding_rows),
        )


def why_not(error: Exception) -> str:
    """Why a bundle cannot answer, in our own words."""
    return error.message if isinstance(error, DiagError) else f"its files cannot be read ({type(error).__name__})"
