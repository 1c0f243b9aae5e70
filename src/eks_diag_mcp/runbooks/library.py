"""All SOPs at hand: those shipped with the package, or those of the operator's own folders."""

import difflib
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..errors import BadInput, CatalogueError
from ..quoting import one_line
from .model import Sop
from .parse import parse

_MAX_FILES = 500
_SHOWN = 12
_PATH = re.compile(r"\.\.|[\\\x00-\x1f]|^/")  # no name of a SOP looks like that; whoever writes it wants a file
_NOT_A_SOP = frozenset({"readme.md", "index.md", "contributing.md", "changelog.md", "license.md"})
_FILLER = frozenset({"sop", "sops", "runbook", "runbooks", "playbook", "the", "for", "of", "and", "a", "md"})


class SopLibrary:
    """The SOPs by id. `faults` says which files could not be used and why; the rest serve all the same."""

    def __init__(self, sops: Iterable[Sop], faults: Iterable[str] = ()) -> None:
        self.faults: list[str] = list(faults)
        self._by_id: dict[str, Sop] = {}
        for sop in sops:
            first = self._by_id.setdefault(sop.id.casefold(), sop)
            if first is not sop:
                self.faults.append(f"{sop.path}: the id {sop.id} is taken by {first.path} of {first.origin}")

    @classmethod
    def load(cls, *folders: Path, and_shipped: bool = False) -> "SopLibrary":
        """The SOPs of these folders, the first to name an id wins; with none given, or `and_shipped`, also those shipped."""
        sops: list[Sop] = []
        faults: list[str] = []
        places: list[tuple[str, Traversable]] = [(folder.name, folder) for folder in folders]
        if and_shipped or not places:
            places.append(("library", shipped()))
        for origin, folder in places:
            if not folder.is_dir():
                faults.append(f"{origin}: no such folder of SOPs")
                continue
            for path, entry in markdown(folder):
                try:
                    sops.append(parse(entry.read_bytes(), path, origin))
                except CatalogueError as error:
                    faults.append(error.message)
                except OSError as error:
                    faults.append(f"{path}: cannot be read: {error.strerror}")
        return cls(sops, faults)

    @property
    def sops(self) -> tuple[Sop, ...]:
        """All of them, by id."""
        return tuple(sorted(self._by_id.values(), key=_order))

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, name: str) -> Sop:
        """The SOP of that id, short id, file name, title or words of the title. BadInput names the candidates.

        A name is only ever compared with what was loaded: nothing is opened by it."""
        wanted, shown = _bare(name), one_line(name, 80)
        for candidates in self._readings(wanted):
            if len(candidates) == 1:
                return candidates[0]
            if candidates:
                raise BadInput(f"{shown!r} may be any of: {_names(candidates)}.", "Give one of these ids as it stands.")
        raise BadInput(f"No SOP is called {shown!r}.", self._nearest(wanted))

    def _readings(self, wanted: str) -> Iterator[list[Sop]]:
        """What the name may mean, the surest reading first."""
        if not wanted or _PATH.search(wanted):
            return
        yield [sop for sop in self.sops if sop.id.casefold() == wanted]
        yield [sop for sop in self.sops if sop.short_id.casefold() == wanted]
        yield [sop for sop in self.sops if sop.title.casefold() == wanted]
        yield [sop for sop in self.sops if sop.id.casefold().startswith(wanted + "-")]
        words = _words(wanted)
        yield [sop for sop in self.sops if words and words <= _words(f"{sop.id} {sop.title}")]

    def _nearest(self, wanted: str) -> str:
        ids: Mapping[str, Sop] = {key: sop for sop in self.sops for key in (sop.id.casefold(), sop.title.casefold())}
        near = [ids[key] for key in difflib.get_close_matches(wanted, ids, n=4, cutoff=0.5)]
        found = list(dict.fromkeys(near)) if near else list(self.sops)
        if not found:
            return "No SOP is loaded."
        return f"{'Nearest' if near else 'Known'}: {_names(found)}. list_sops with a symptom finds the one that fits."


class Shelf:
    """The library of an operator's own folders and those shipped, read anew when a file of the folders changes.

    Files are compared by name, size and time of change at each look; a library once given does not change."""

    def __init__(self, *folders: Path) -> None:
        self._folders, self._lock = folders, threading.Lock()
        self._seen = self._state()
        self._library = SopLibrary.load(*folders, and_shipped=True)

    def current(self) -> SopLibrary:
        """The library as the folders are now; the same object while nothing has changed."""
        with self._lock:
            state = self._state()
            if state != self._seen:
                self._seen, self._library = state, SopLibrary.load(*self._folders, and_shipped=True)
            return self._library

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        for folder in self._folders:
            for path, entry in markdown(folder) if folder.is_dir() else ():
                try:
                    status = Path(str(entry)).stat()
                except OSError:  # a link to nothing: the library names it as a fault
                    found.append((path, 0, 0))
                else:
                    found.append((path, status.st_size, status.st_mtime_ns))
        return tuple(found)


def shipped() -> Traversable:
    """The folder of the SOPs that come with this package; in a checkout the repository's own."""
    inside = files("eks_diag_mcp") / "sops"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3] / "sops"


def markdown(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """Relative path and file of every markdown file, in order. Hidden folders are left out (a mounted ConfigMap keeps
    its versions in them)."""
    count = 0
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{prefix}{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if prefix.count("/") < 3:
                yield from markdown(entry, f"{path}/")
        elif entry.name.endswith(".md") and entry.name.casefold() not in _NOT_A_SOP and count < _MAX_FILES:
            count += 1
            yield path, entry


def _bare(name: str) -> str:
    """A name without what people put around it: quotes, backticks, the scheme of its resource, the file ending."""
    return name.strip(" \t\r\n`'\"").casefold().removeprefix("sop:///").removesuffix(".md").strip()


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.casefold())) - _FILLER


def _order(sop: Sop) -> tuple[str, int, str]:
    """D2 before D10."""
    number = re.search(r"\d+", sop.short_id)
    return (sop.category, int(number.group()) if number else 0, sop.id.casefold())


def _names(sops: Iterable[Sop]) -> str:
    ids = [sop.id for sop in sops]
    return ", ".join(ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")
