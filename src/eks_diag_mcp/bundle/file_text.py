"""The text of a whole file, as sections read state files."""

from dataclasses import dataclass

STATE_CAP = 32 << 20
"""State files are read whole up to this size; a larger one is cut and says so."""


@dataclass(frozen=True, slots=True)
class FileText:
    """A whole file. `truncated`: its end is missing (in the bundle, or above STATE_CAP)."""

    path: str
    text: str
    truncated: bool = False
