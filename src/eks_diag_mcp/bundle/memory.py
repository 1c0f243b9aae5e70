"""Memory given back to the system after an admit: its threads leave freed pages in heaps of their own."""

import ctypes
from collections.abc import Callable
from functools import cache


@cache
def _trim() -> Callable[[int], int] | None:
    """glibc's malloc_trim; None under another C library, which then does as it likes."""
    try:
        found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (OSError, TypeError):
        return None
    return found


def give_back() -> None:
    """Hand free pages of all heaps to the system. Takes a few milliseconds."""
    trim = _trim()
    if trim is not None:
        trim(0)
