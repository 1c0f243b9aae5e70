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


@dataclass(frozen=True, slots=True)
class _FileLines:
    """The hit lines of one file in order, and the number of the signature of each."""

    lines: npt.NDArray[np.int64]
    signatures: npt.NDArray[np.int64]


class KnownLines:
    """Of each line the signature that says most: a cause before an echo before context. `roles`: signature -> role;
    signatures that it does not name are left out."""

    def __init__(self, folder: Path, roles: Mapping[str, Role]) -> None:
        table = read_columns(folder / "hits" / "0.parquet", ["signature", "file", "line"])
        names, signatures = _coded(table["signature"])
        files, file_of = _coded(table["file"])
        lines = table["line"].to_numpy()
        ranks = np.asarray([_RANK[roles[n]] if n in roles else _UNKNOWN for n in names], dtype=np.int64)
        self._told = [(name, roles.get(name, "context")) for name in names]
        self._files: dict[str, _FileLines] = {}
        kept = np.flatnonzero(ranks[signatures] < _UNKNOWN) if len(names) else np.zeros(0, dtype=np.int64)
        order = kept[np.lexsort((ranks[signatures[kept]], lines[kept], file_of[kept]))] if len(kept) else kept
        for code, name in enumerate(files):
            own = order[file_of[order] == code]
            first = np.flatnonzero(np.diff(lines[own], prepend=-1))
            self._files[name] = _FileLines(lines[own][first], signatures[own][first])

    def get(self, file: str, line: int) -> tuple[str, Role] | None:
        """(signature, role) of a line; None for one that no signature hits."""
        found = self._files.get(file)
        if found is None:
            return None
        place = int(np.searchsorted(found.lines, line))
        return self._told[int(found.signatures[place])] if place < len(found.lines) and found.lines[place] == line else None

    def between(self, file: str, first: int, after: int) -> list[tuple[int, str]]:
        """(line, signature) of the known lines of a file from line `first` to before `after`."""
        found = self._files.get(file)
        if found is None:
            return []
        start, end = np.searchsorted(found.lines, (first, after))
        return [
            (line, self._told[code][0])
            for line, code in zip(found.lines[start:end].tolist(), found.signatures[start:end].tolist(), strict=True)
        ]


def _coded(column: Any) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The distinct words of a column, and for each row the number of its word."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
