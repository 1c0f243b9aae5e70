"""Names from outside: instance ids and the file names of log bundles (bundle-format section 1.1, 3.2)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

INSTANCE = re.compile(r"m?i-[0-9a-z]{8,17}")
"""Loose: what the library may be asked for. AWS is asked only with the strict form."""
AWS_INSTANCE = re.compile(r"i-[0-9a-f]{8}(?:[0-9a-f]{9})?")
EXAMPLE_INSTANCE = "i-0abc123def456"
"""The instance id in the runbooks' examples; no real instance has it."""
_ARCHIVE = re.compile(
    r"^(?:.*/)?e[ck]s_(?P<id>m?i-[0-9a-z]{8,17})?_(?:(?P<execution>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<date>\d{4}-\d\d-\d\d_\d{4})-UTC_(?P<version>\d+\.\d+\.\d+))\.tar\.gz$"
)
_AGENT = re.compile(r"^(?:.*/)?(?P<id>m?i-[0-9a-z]{8,17}|ip-[\w.-]{5,80}?)(?:[_-]?logs)?\.tar\.gz$")


@dataclass(frozen=True, slots=True)
class ArchiveName:
    """What the file name of a bundle says. `date` is the collector's start, by minute."""

    instance_id: str | None = None
    execution: str | None = None
    date: datetime | None = None
    version: str | None = None

    @classmethod
    def parse(cls, name: str) -> "ArchiveName":
        """Any name; what it does not say is None."""
        found = _ARCHIVE.match(name)
        if found is None:
            agent = _AGENT.match(name)
            return cls(agent["id"] if agent else None)
        return cls(found["id"], found["execution"], _date(found["date"]), found["version"])


def _date(text: str | None) -> datetime | None:
    """The collector's start; None where the name holds no real date."""
    try:
        return datetime.strptime(text, "%Y-%m-%d_%H%M").replace(tzinfo=UTC) if text else None
    except ValueError:
        return None
