"""What a search found: lines file by file, as blocks with the indexes of their lines."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .blocks import BlockRef
from .store import FileEntry

Lines = npt.NDArray[np.int64]
"""Indexes of lines within a block, ascending."""


@dataclass(slots=True)
class FileMatches:
    """The matches of one file: blocks in order of lines, with the indexes of their lines. `count` is exact unless
    `complete` of the result is False."""

    entry: FileEntry
    count: int = 0
    blocks: list[tuple[BlockRef, Lines]] = field(default_factory=list)

    def add(self, ref: BlockRef, indexes: Lines) -> None:
        """The matches of one more block, behind the others or before them."""
        forwards = not self.blocks or self.blocks[-1][0].offset <= ref.offset
        self.blocks.insert(len(self.blocks) if forwards else 0, (ref, indexes))
        self.count += len(indexes)

    @property
    def lines(self) -> list[tuple[int, BlockRef]]:
        """(number, block) of each line."""
        return [(ref.first_line + index, ref) for ref, indexes in self.blocks for index in indexes.tolist()]

    def newest(self, most: int) -> list[tuple[int, BlockRef]]:
        """The last lines."""
        found: list[tuple[int, BlockRef]] = []
        for ref, indexes in reversed(self.blocks):
            found[:0] = [(ref.first_line + index, ref) for index in indexes[max(0, len(indexes) + len(found) - most) :].tolist()]
            if len(found) >= most:
                break
        return found

    def up_to(self, line: int) -> int:
        """How many lines stand up to that one."""
        return sum(int((indexes + ref.first_line <= line).sum()) for ref, indexes in self.blocks)

    def after(self, line: int, most: int) -> list[tuple[int, BlockRef]]:
        """The first lines behind that one."""
        found: list[tuple[int, BlockRef]] = []
        for ref, indexes in self.blocks:
            if ref.first_line + ref.n_lines > line and len(found) < most:
                behind = indexes[indexes + ref.first_line > line][: most - len(found)]
                found += [(ref.first_line + index, ref) for index in behind.tolist()]
        return found


@dataclass(slots=True)
class SearchResult:
    """What a search found and what it looked at."""

    files: list[FileMatches] = field(default_factory=list)
    searched: int = 0
    bytes: int = 0
    outside: int = 0
    untimed: int = 0
    complete: bool = True
    why: str = ""

    @property
    def total(self) -> int:
        """Matching lines; a lower bound unless `complete`."""
        return sum(found.count for found in self.files)

    def give_up(self) -> None:
        """The budget is spent before all was looked at."""
        self.complete, self.why = False, "the time of one call was used up; narrow it with logTypes or a window"
