"""Which blocks can hold a word at all: of each block the runs of four letters (and blanks) that occur in it, as a bitmap.

8 KB a block, a few percent of them set in a log; kept compressed in grams/ they cost less than one percent of the text. A
search reads only blocks whose bitmap holds every run of the words its pattern needs. Digits are left out: of numbers and
hexadecimal ids nearly every run occurs in every block."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .needles import Needs

BITS = 1 << 16
BYTES = BITS // 8
_LENGTH = 4
_PAIR = np.uint16(28)
_HALF = np.uint16(12_347)
"""Odd, so that two pairs of letters make one number of 16 bits with few collisions."""
_SYMBOL = np.zeros(256, dtype=np.uint16)
_SYMBOL[97:123] = _SYMBOL[65:91] = np.arange(1, 27)
_SYMBOL[32] = 27
Bitmaps = npt.NDArray[np.uint8]


def _runs(text: bytes | memoryview) -> npt.NDArray[np.uint16]:
    """The number of the run that begins at each byte; 0 where there is none."""
    symbols = _SYMBOL[np.frombuffer(text, dtype=np.uint8)]
    if len(symbols) < _LENGTH:
        return np.zeros(0, dtype=np.uint16)
    pairs = symbols[:-1] * _PAIR + symbols[1:]
    good = symbols != 0
    whole = good[:-1] & good[1:]
    runs: npt.NDArray[np.uint16] = (pairs[:-2] * _HALF + pairs[2:]) * (whole[:-2] & whole[2:])
    return runs


def bitmap(text: bytes) -> bytes:
    """The runs of a block, BYTES long."""
    seen = np.zeros(BITS, dtype=np.uint8)
    seen[_runs(text)] = 1
    return np.packbits(seen).tobytes()


def may_hold(bitmaps: Bitmaps, needs: Needs) -> npt.NDArray[np.bool_]:
    """For each row of `bitmaps` (blocks, BYTES): may the block hold what is needed?"""
    kept = np.ones(len(bitmaps), dtype=np.bool_)
    for word in needs.words:
        for run in np.unique(_runs(word.encode())).tolist():
            if run:
                kept &= (bitmaps[:, run >> 3] & (128 >> (run & 7))) != 0
    for branches in needs.choices:
        kept &= _any(bitmaps, branches)
    return kept


def _any(bitmaps: Bitmaps, branches: Sequence[Needs]) -> npt.NDArray[np.bool_]:
    kept = np.zeros(len(bitmaps), dtype=np.bool_)
    for needs in branches:
        kept |= may_hold(bitmaps, needs)
    return kept
