"""Coverage: what of a source could be read, as its files in the manifest say."""

from collections.abc import Sequence

from ..model import Coverage, CoverageState
from .store import FileEntry


def coverage_of(source: str, entries: Sequence[FileEntry], truncated: str) -> Coverage:
    """The coverage of a source with these files. `truncated`: why reading the archive stopped, where it did."""
    if not entries:
        why = f"not in the bundle{'; ' + truncated if truncated else ''}"
        return Coverage(source, "absent", detail=why)
    states = [e.state for e in entries]
    state: CoverageState = "present"
    if all(s == "empty" for s in states):
        state = "empty"
    elif all(s in ("unreadable", "empty") for s in states):
        state = "unreadable"
    elif "truncated" in states:
        state = "truncated"
    elif "masked" in states:
        state = "masked"
    detail = "; ".join(f"{e.path}: {e.detail or e.state}" for e in entries if e.state not in ("present", "masked"))[:300]
    return Coverage(source, state, tuple(e.path for e in entries), sum(e.size for e in entries), detail)
