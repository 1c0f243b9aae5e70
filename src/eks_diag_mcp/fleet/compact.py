"""The findings of all bundles in one file, so that a question about a thousand bundles opens one and not a thousand.

<root>/compact/0.parquet   a row a finding of a bundle: instance, bundle, stamp, signatures, captured, boot, cluster, teller and
                           the columns of findings/; one row without a signature for a bundle without findings

It may be old at any time: a bundle counts as held by it only while its manifest is the one that was read (`stamp`). What
joined since is read from its own folder; what was purged since is in no listing and so in no answer."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..bundle.findings_table import FindingRow, finding_columns, finding_rows
from ..bundle.published import published
from ..bundle.store import VERSION, from_iso, from_millis, millis, packed_columns, unpacked
from ..errors import DiagError
from .held import UNREADABLE, YEAR_ONE, Held, why_not
from .whose import Whose, whose

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..bundle.library import Library

_NO_FINDING = FindingRow("", "", 0, 0, None, None, (), ())
"""Stands for a bundle without findings."""


NAME = f"{VERSION}/compact/0.parquet"
"""Where the file lies in a library's home."""


class Compact:
    """The file as it stands, bundles by digest. Rows are made when they are asked for. None: there is no file."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._places: dict[str, tuple[int, int]] = {}
        for place, digest in enumerate(table["bundle"].to_pylist() if table is not None else ()):
            first, _ = self._places.get(digest, (place, 0))
            self._places[digest] = first, place + 1  # the rows of a bundle stand together

    @classmethod
    def read(cls, library: "Library") -> "Compact":
        """The library's; an empty one where there is none, or none that can be read: then every bundle tells itself."""
        try:
            found = library.home.objects.read(NAME)
            return cls(unpacked(found.data) if found else None)
        except (DiagError, OSError, ValueError, KeyError):
            return cls(None)

    def has(self, digest: str, column: str, value: str) -> bool:
        """Does it hold the bundle, and with that `stamp` or those `signatures`?"""
        return digest in self._places and self._table[column][self._places[digest][0]].as_py() == value

    def held(self, digest: str, newly: Whose | None) -> Held:
        """A bundle that the file holds. `newly`: the cluster by the ledger, which counts as in `proven`."""
        at = self._places[digest][0]
        names = ("instance", "signatures", "captured", "boot", "cluster", "teller")
        instance, signatures, captured, boot, cluster, teller = (self._table[name][at].as_py() for name in names)
        was = Whose(cluster, teller)
        told = was if teller == "collector" else newly or was
        when = from_millis(captured) or YEAR_ONE
        return Held(digest, instance, when, from_millis(boot), signatures, lambda: told, lambda: self.rows(digest))

    def rows(self, digest: str) -> tuple[FindingRow, ...]:
        """The findings of a bundle that the file holds."""
        first, end = self._places[digest]
        return tuple(row for row in finding_rows(self._table.slice(first, end - first)) if row.signature)


@dataclass(slots=True)
class Compacted:
    """What a compaction did. `left_out`: instance -> why not all of its bundles are in the file."""

    bundles: int = 0
    findings: int = 0
    rescanned: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


class _Columns:
    """The file that is being made."""

    def __init__(self) -> None:
        self.of_bundle: list[tuple[Any, ...]] = []
        self.rows: list[FindingRow] = []

    def enter(self, bundle: "Bundle", stamp: str, told: Whose) -> int:
        """All findings of a bundle; returns how many. The stamp was taken before the bundle was opened: what is written
        meanwhile makes the entry old, not wrong."""
        manifest, rows = bundle.manifest, bundle.finding_rows
        same = (
            bundle.instance_id,
            bundle.digest,
            stamp,
            manifest.signatures,
            millis(from_iso(manifest.captured)),
            millis(bundle.boot),
            told.cluster,
            told.teller,
        )
        self.rows += rows or (_NO_FINDING,)
        self.of_bundle += [same] * max(1, len(rows))
        return len(rows)

    def write(self, library: "Library") -> None:
        """Put the file in its place, in one step."""
        from ..bundle.arrow import pa

        kinds = {"instance": pa.string(), "bundle": pa.string(), "stamp": pa.string(), "signatures": pa.string()}
        kinds |= {"captured": pa.int64(), "boot": pa.int64(), "cluster": pa.string(), "teller": pa.string()}
        columns = {name: ([row[k] for row in self.of_bundle], kind) for k, (name, kind) in enumerate(kinds.items())}
        library.home.objects.put(NAME, packed_columns(columns | finding_columns(self.rows)))


def compact(
    library: "Library",
    signatures: str,
    ledger: Mapping[str, str],
    checkpoint: Callable[[], None] = lambda: None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Compacted:
    """Write the file anew. Bundles that were scanned with another signature set than `signatures` are scanned again first.
    `library` is opened for this: a bundle that it has held open for long may be older than its files."""
    done, columns = Compacted(), _Columns()
    for place, one in enumerate(every := published(library) or []):
        checkpoint()
        progress(place, 2 * len(every))
        with _told(done, one.instance_id):
            bundle = library.open(one.place)
            if bundle.manifest.signatures != signatures:
                library.reindex(bundle, checkpoint)
                done.rescanned += 1
    for place, one in enumerate(every := published(library) or []):
        checkpoint()
        progress(len(every) + place, 2 * len(every))
        with _told(done, one.instance_id):
            bundle = library.open(one.place)
            done.findings += columns.enter(bundle, one.stamp, whose(bundle, ledger))
            done.bundles += 1
    columns.write(library)
    progress(2 * len(every), 2 * len(every))
    return done


@contextmanager
def _told(done: Compacted, instance_id: str) -> Iterator[None]:
    """A bundle that cannot be read is left out, and named."""
    try:
        yield
    except UNREADABLE as error:
        done.left_out[instance_id] = why_not(error)
