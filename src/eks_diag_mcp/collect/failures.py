"""Why a collection failed: foreign messages become our own words, the remedy and the missing permission."""

import functools
import re
from pathlib import Path

from pydantic import field_validator

from ..quoting import clean
from ..rows import Row, RowFile, raise_faults

_SECRET = re.compile(r"https?://[^\s\"'<>]+\?[^\s\"'<>]+")
_ARN = re.compile(r"\barn:aws[\w-]*:[^\s\"',)]+")
_ACCOUNT = re.compile(r"\b\d{12}\b")


class Failure(Row):
    """One known way to fail. `action` is the permission that is missing, where one is."""

    id: str
    pattern: str
    says: str
    remedy: str
    action: str | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        re.compile(value)
        return value


@functools.cache
def _failures() -> tuple[tuple[re.Pattern[str], Failure], ...]:
    faults: list[str] = []
    rows = RowFile(Path(__file__).with_name("failures.yaml"), "failures", Failure, faults).rows
    raise_faults(faults, "failures.yaml")
    return tuple((re.compile(row.pattern, re.S), row) for _, row in rows)


def classify(*texts: str) -> Failure | None:
    """The first known failure that any of the texts tells of."""
    whole = "\n".join(t for t in texts if t)[:40_000]
    return next((row for pattern, row in _failures() if pattern.search(whole)), None)


def quoted(text: str, limit: int = 600) -> str:
    """A foreign message as it may be shown: links with a query (presigned), ARNs and account ids are taken out."""
    plain = _ACCOUNT.sub("[account]", _ARN.sub("[arn]", _SECRET.sub("[link]", text)))
    return clean(" ".join(plain.split()), limit)
