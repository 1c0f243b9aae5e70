"""What could not be seen, and why: a failed call is a gap of the answer, never its end."""

from dataclasses import dataclass

from ..errors import Denied, DiagError


@dataclass(frozen=True, slots=True)
class Gap:
    """`what` was asked for, `why` there is no answer, `missing` the permission that would give one ("" = another reason)."""

    what: str
    why: str
    missing: str = ""

    @classmethod
    def of(cls, what: str, error: DiagError) -> "Gap":
        """The gap that a failed call leaves."""
        return cls(what, error.message, error.action if isinstance(error, Denied) else "")

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"
