"""Kernel settings (sysctls/sysctl_all.txt): `key = value`, several values of one key apart by tabs. Host namespace only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, LineRef
from .state_files import QUOTE_CHARS

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
"""fs.file-nr ends in the greatest number of 64 bits."""


@dataclass(frozen=True, slots=True)
class Sysctl:
    """One setting and its line."""

    value: str
    evidence: Evidence

    @property
    def numbers(self) -> tuple[int, ...]:
        """Its values where all of them are whole numbers; else none."""
        words = self.value.split()
        return tuple(map(int, words)) if all(_WHOLE.fullmatch(w) for w in words) else ()

    @property
    def ref(self) -> LineRef:
        return self.evidence.ref


@dataclass(frozen=True, slots=True)
class Sysctls:
    """All settings that could be read."""

    values: Mapping[str, Sysctl]

    def get(self, *names: str) -> Sysctl | None:
        """The first of those keys that is there (older kernels name some differently)."""
        return next((self.values[n] for n in names if n in self.values), None)

    def number(self, *names: str) -> int | None:
        """Its value as one whole number; None where it is not there or is none."""
        found = self.get(*names)
        return found.numbers[0] if found and len(found.numbers) == 1 else None


def read_sysctls(bundle: "Bundle") -> Sysctls:
    """The settings; `sysctl: permission denied on key` and the like are no settings."""
    found: dict[str, Sysctl] = {}
    for file in bundle.texts("sysctls"):
        for number, line in enumerate(file.text.split("\n"), 1):
            key, equals, value = line.partition(" = ")
            name = key.strip()
            if equals and " " not in name and name not in found:
                found[name] = Sysctl(value.strip(), Evidence("sysctls", file.path, number, line.strip()[:QUOTE_CHARS]))
    return Sysctls(found)
