"""Known lines: which signature hits a line, for all hits of a bundle, in arrays (a busy node has hundreds of thousands)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..model import Role
from .store import read_columns

_RANK: Mapping[Role, int] = {"cause": 0, "echo": 1, "context": 2}
_UNKNOWN = len(_RANK)
UNTIMED = np.iinfo(np.int64).min
"""Stands for the time of a line that has none."""
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KnownRun:
    """Known lines that follow one another in a file: their numbers, the codes of their signatures, and their times (epoch
    milliseconds, or UNTIMED)."""

    lines: Ints
    signatures: Ints
    times: Ints

    def where(self, chosen: "npt.NDArray[np.bool_] | slice") -> "KnownRun":
        """Only those."""
        return KnownRun(self.lines[chosen], self.signatures[chosen], self.times[chosen])


_NONE = np.zeros(0, dtype=np.int64)
NO_RUN = KnownRun(_NONE, _NONE, _NONE)


class KnownLines:
    """Of each line the signature that says most: a cause before an echo before context. `roles`: signature -> role;
    signatures that it does not name are left out."""

    def __init__(self, folder: Path, roles: Mapping[str, Role]) -> None:
        table = read_columns(folder / "hits" / "0.parquet", ["signature", "file", "line", "ts"])
        names, signatures = _coded(table["signature"])
        files, file_of = _coded(table["file"])
        lines = table["line"].to_numpy()
        times = table["ts"].cast("int64").fill_null(UNTIMED).to_numpy()
        ranks = np.asarray([_RANK[roles[n]] if n in roles else _UNKNOWN for n in names], dtype=np.int64)
        self.names = names
        """Code -> signature."""
        self._told = [(name, roles.get(name, "context")) for name in names]
        self._files: dict[str, KnownRun] = {}
        kept = np.flatnonzero(ranks[signatures] < _UNKNOWN) if len(names) else _NONE
        order = kept[np.lexsort((ranks[signatures[kept]], lines[kept], file_of[kept]))] if len(kept) else kept
        for code, name in enumerate(files):
            own = order[file_of[order] == code]
            own = own[np.flatnonzero(np.diff(lines[own], prepend=-1))]
            self._files[name] = KnownRun(lines[own], signatures[own], times[own])
        timed = np.flatnonzero(times != UNTIMED)
        timed = timed[np.lexsort((times[timed], signatures[timed]))]
        starts = np.searchsorted(signatures[timed], np.arange(len(names) + 1))
        self._times = {name: times[timed[starts[code] : starts[code + 1]]] for code, name in enumerate(names)}

    def get(self, file: str, line: int) -> tuple[str, Role] | None:
        """(signature, role) of a line; None for one that no signature hits."""
        found = self._files.get(file)
        if found is None:
            return None
        place = int(np.searchsorted(found.lines, line))
        return self._told[int(found.signatures[place])] if place < len(found.lines) and found.lines[place] == line else None

    def between(self, file: str, first: int, after: int) -> KnownRun:
        """The known lines of a file from line `first` to before `after`."""
        found = self._files.get(file)
        if found is None:
            return NO_RUN
        start, end = np.searchsorted(found.lines, (first, after))
        return found.where(slice(start, end))

    @property
    def times(self) -> Mapping[str, Ints]:
        """Signature -> the times of all its hits in order, epoch milliseconds."""
        return self._times


def _coded(column: Any) -> tuple[list[str], Ints]:
    """The distinct words of a column, and for each row the number of its word."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
