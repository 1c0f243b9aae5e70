"""A bundle at hand: reads files, lines and times back from the store."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..model import Coverage, Evidence
from .blocks import BlockRef, read_bitmaps, read_blocks
from .clock import Clock
from .coverage import coverage_of
from .file_text import STATE_CAP, FileText
from .files import MANIFEST, TABLES, BundleFiles, FolderFiles
from .findings_table import FindingRow, read_findings
from .formats import StampReader, formats
from .grams import Bitmaps
from .hits import cut
from .loud_lines import LoudLines
from .rules import PatternSet, pattern_set
from .sources import sources
from .stamps import BACK
from .store import FileEntry, Manifest, from_iso
from .stored_queries import StoredQueries
from .text_file import TextFile


class Bundle:
    """The evidence of one node at one moment. Immutable; safe to share between threads."""

    def __init__(self, place: Path | BundleFiles, manifest: Manifest | None = None) -> None:
        self.stored: BundleFiles = FolderFiles(place) if isinstance(place, Path) else place
        self.manifest = manifest or Manifest.parse(self.stored.read(MANIFEST) or "")
        self.files = {entry.path: entry for entry in self.manifest.files}

    @property
    def folder(self) -> Path:
        """The folder in which its small tables lie; those of a bundle in a bucket are fetched first."""
        return self.holding(*TABLES)

    def holding(self, *tables: str) -> Path:
        """The folder, with at least these of the small tables in it."""
        return self.stored.holding(*tables)

    @property
    def digest(self) -> str:
        """The content digest: the bundle's identity."""
        return self.manifest.digest

    @property
    def instance_id(self) -> str:
        """Whose bundle it is."""
        return self.manifest.instance_id

    @cached_property
    def captured(self) -> datetime:
        """When it was collected, UTC."""
        return from_iso(self.manifest.captured) or datetime.min.replace(tzinfo=UTC)

    @cached_property
    def boot(self) -> datetime | None:
        """When the node booted; None when nothing in the bundle tells."""
        return from_iso(self.manifest.boot)

    def clock_of(self, entry: FileEntry) -> Clock:
        """The clock of one file: what follows from when it was copied, and from when the node booted."""
        return Clock(from_iso(entry.time) or self.captured, self.boot)

    def change_manifest(self, change: Callable[[Manifest], None]) -> None:
        """Write the manifest anew, in one step: `change` is done to what it says now, which another server may have written."""

        def edit(text: str) -> str:
            manifest = Manifest.parse(text)
            change(manifest)
            self.manifest = manifest
            return manifest.dump()

        self.stored.change(MANIFEST, edit)

    def keep_beside(self, name: str, text: str) -> None:
        """Write a file beside the evidence, in one step."""
        self.stored.write(name, text)

    def beside(self, name: str) -> str | None:
        """The text of a file beside the evidence; None where there is none."""
        return self.stored.read(name)

    def replace(self, draft: Path, tables: Iterable[str]) -> None:
        """Put tables of a draft in the place of the stored ones."""
        self.stored.replace(draft, tables)
        for name in ("finding_rows", "stored_queries", "loud_lines"):
            self.__dict__.pop(name, None)

    @cached_property
    def memo(self) -> dict[str, object]:
        """What readers made of this bundle and want again. A bundle never changes, so neither do they."""
        return {}

    # ---- files and coverage ---------------------------------------------------------------------------------------------
    def of_source(self, source: str) -> list[FileEntry]:
        """The files of a source, repeated copies left out, in archive order."""
        return [e for e in self.manifest.files if e.source == source and e.same_as is None]

    def coverage(self, source: str) -> Coverage:
        """What of a source could be read."""
        return coverage_of(source, self.of_source(source), self.manifest.truncated)

    def entry(self, path: str) -> FileEntry:
        """A file of the bundle by its name; a repeated copy gives the stored one. BadInput names near ones."""
        entry = self.files.get(path)
        if entry is None:
            import difflib

            near = difflib.get_close_matches(path, self.files, 5, 0.4)
            raise BadInput(f"No file {path!r} in the bundle.", f"Near: {', '.join(near) or 'none'}. validate lists the sources.")
        return self.files[entry.same_as] if entry.same_as else entry

    def texts(self, source: str) -> tuple[FileText, ...]:
        """The whole text of each file of a source that holds any (state files), repeated copies under their own names."""
        return tuple(self.text(e.path) for e in self.manifest.files if e.source == source and e.size)

    def text(self, path: str) -> FileText:
        """The whole text of one file, at most STATE_CAP of it."""
        entry, parts, size = self.entry(path), [], 0
        for ref in self.blocks_of(entry.id):
            data = self.block_text(ref)
            parts.append(data)
            size += len(data)
            if size > STATE_CAP:
                break
        whole = b"".join(parts)[:STATE_CAP].decode("utf-8", "replace")
        return FileText(path, whole, size > STATE_CAP or entry.state == "truncated")

    def first_line(self, source: str) -> str | None:
        """The first line of a one-line file, without blanks; None where there is none."""
        for text in self.texts(source):
            if line := text.text.strip().split("\n")[0].strip():
                return line
        return None

    # ---- blocks ---------------------------------------------------------------------------------------------------------
    @cached_property
    def _text(self) -> TextFile:
        return TextFile(self.stored.text())

    @cached_property
    def blocks(self) -> tuple[BlockRef, ...]:
        """All blocks in store order."""
        return tuple(read_blocks(self.holding("blocks")))

    def bitmaps(self) -> Bitmaps:
        """Which runs of letters each block holds, in store order (grams.py)."""
        return read_bitmaps(self.holding("grams"))

    @cached_property
    def _by_file(self) -> dict[int, list[BlockRef]]:
        found: dict[int, list[BlockRef]] = {}
        for ref in self.blocks:
            found.setdefault(ref.file_id, []).append(ref)
        for refs in found.values():  # kernel files are stored last, but for what is too much of them
            refs.sort(key=lambda ref: ref.offset)
        return found

    def blocks_of(self, file_id: int) -> list[BlockRef]:
        """The blocks of one file in order of lines."""
        return self._by_file.get(file_id, [])

    def block_view(self, ref: BlockRef) -> memoryview:
        """The text of one block, without a copy."""
        return self._text.read(ref)

    def block_text(self, ref: BlockRef) -> bytes:
        """The text of one block."""
        return bytes(self._text.read(ref))

    # ---- lines ----------------------------------------------------------------------------------------------------------
    def ordered(self, names: Iterable[str]) -> list[FileEntry]:
        """The files of those sources, oldest first (files without times first)."""
        entries = [e for name in names for e in self.of_source(name)]
        return sorted(entries, key=lambda e: (e.first or "", e.id))

    def grep(self, pattern: str, names: Iterable[str], checkpoint: Callable[[], None] = lambda: None) -> tuple[Evidence, ...]:
        """All lines of those sources that hold the pattern (caseless), in file order, oldest file first."""
        patterns, find = pattern_set(pattern), re.compile(pattern, re.IGNORECASE | re.ASCII).search
        found: list[Evidence] = []
        for entry in self.ordered(names):
            for ref in self.blocks_of(entry.id):
                checkpoint()
                found += self._grep_block(patterns, find, entry, ref)
        return tuple(found)

    def latest(self, pattern: str, names: Iterable[str]) -> Evidence | None:
        """The newest line of those sources that holds the pattern: blocks are read from their ends."""
        patterns, find = pattern_set(pattern), re.compile(pattern, re.IGNORECASE | re.ASCII).search
        best: Evidence | None = None
        for entry in reversed(self.ordered(names)):
            if best and best.time and entry.last and (from_iso(entry.last) or best.time) < best.time:
                continue
            for ref in reversed(self.blocks_of(entry.id)):
                if hits := self._grep_block(patterns, find, entry, ref):
                    newest = hits[-1]
                    if best is None or (newest.time and (best.time is None or newest.time > best.time)):
                        best = newest
                    break
        return best

    def _grep_block(self, patterns: PatternSet, find: Callable[[str], Any], entry: FileEntry, ref: BlockRef) -> list[Evidence]:
        data = self.block_text(ref)
        found = sorted(line for _, line in patterns.lines(data) or ())
        if not found:
            return []
        out: list[Evidence] = []
        lines = data.split(b"\n")
        for index in found:
            text = lines[index].decode("utf-8", "replace").rstrip("\r")
            if match := find(text):
                time = self.line_time(entry, ref, lines, index)
                out.append(Evidence(entry.source, entry.path, ref.first_line + index, cut(text, match.start(), 2000), time))
        return out

    def line_time(self, entry: FileEntry, ref: BlockRef, lines: list[bytes], index: int) -> datetime | None:
        """The time of a line of a block (split into `lines`); an unstamped one takes that of the stamped line before it."""
        if self.reader_of(entry) is None:
            return None
        floor = max(-1, index - BACK)
        for k in range(index, floor, -1):
            if time := self.time_in(entry, lines[k].decode("utf-8", "replace")):
                return time
        return self.time_before(entry, ref) if floor < 0 else None

    def time_before(self, entry: FileEntry, ref: BlockRef) -> datetime | None:
        """The time that the first lines of a block inherit from the block before it."""
        refs = self.blocks_of(entry.id)
        for place in range(refs.index(ref) - 1, -1, -1):
            before = refs[place]
            if before.ts_max is None:  # no line of it is stamped
                continue
            lines = self.block_text(before).split(b"\n")[: before.n_lines]
            for raw in reversed(lines[-BACK:]):
                if time := self.time_in(entry, raw.decode("utf-8", "replace")):
                    return time
            return None
        return None

    def time_in(self, entry: FileEntry, text: str) -> datetime | None:
        """The UTC time a line is stamped with."""
        reader = self.reader_of(entry)
        stamped = reader.read(text) if reader else None
        return stamped.time if stamped else None

    def reader_of(self, entry: FileEntry) -> StampReader | None:
        """What reads the stamps of a file's lines; None for a file whose lines carry none."""
        if entry.id not in self._readers:
            names = sources().by_name[entry.source].formats
            self._readers[entry.id] = formats().reader(names, self.clock_of(entry)) if names else None
        return self._readers[entry.id]

    @cached_property
    def _readers(self) -> dict[int, StampReader | None]:
        return {}

    def lines(self, path: str, start: int, count: int) -> Iterator[tuple[int, str]]:
        """(number, text) of `count` lines of a file from line `start`."""
        entry, left, last = self.entry(path), count, 0
        for ref in self.blocks_of(entry.id):
            if ref.first_line + ref.n_lines <= start:
                continue
            for k, raw in enumerate(self.block_text(ref).split(b"\n")[: ref.n_lines]):
                number = ref.first_line + k
                if number >= start and number != last:
                    yield number, raw.decode("utf-8", "replace").rstrip("\r")
                    last, left = number, left - 1
                    if left <= 0:
                        return

    # ---- findings -------------------------------------------------------------------------------------------------------
    @cached_property
    def finding_rows(self) -> tuple[FindingRow, ...]:
        """The stored halves of the findings (signatures.findings joins them with the catalogue)."""
        return tuple(read_findings(self.holding("findings")))

    @cached_property
    def loud_lines(self) -> LoudLines:
        """Which lines may be of level warning or above."""
        return LoudLines(self.holding("loud"))

    @cached_property
    def stored_queries(self) -> StoredQueries:
        """What the runbooks' queries find, as far as they were known at the admit."""
        return StoredQueries(self.holding("queries"))
