"""The findings of all bundles in one file, so that a question about a thousand bundles opens one and not a thousand.

<root>/compact/0.parquet   a row a finding of a bundle: instance, bundle, stamp, signatures, captured, boot, cluster, teller and
                           the columns of findings/; one row without a signature for a bundle without findings

It may be old at any time: a bundle counts as held by it only while its manifest is the one that was read (`stamp`). What
joined since is read from its own folder; what was purged since is in no listing and so in no answer."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..bundle.findings_table import FindingRow, finding_columns, finding_rows
from ..bundle.published import stamp_of
from ..bundle.store import from_iso, from_millis, millis, read_columns, secure, store_faults, write_columns
from .held import UNREADABLE, YEAR_ONE, Held, why_not
from .whose import Whose, whose

if TYPE_CHECKING:
    from pathlib import Path

    from ..bundle.bundle import Bundle
    from ..bundle.library import Library

_NO_FINDING = FindingRow("", "", 0, 0, None, None, (), ())
"""Stands for a bundle without findings."""


def path_of(library: "Library") -> "Path":
    """Where the file lies."""
    return library.root / "compact" / "0.parquet"


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
            return cls(read_columns(path_of(library)))
        except (OSError, ValueError, KeyError):
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

    def enter(self, bundle: "Bundle", told: Whose) -> int:
        """All findings of a bundle; returns how many."""
        stamp = stamp_of(bundle)  # before the rows: what is written meanwhile makes the entry old, not wrong
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

    def write(self, path: "Path") -> None:
        """Put the file in its place, in one step."""
        from ..bundle.arrow import pa

        kinds = {"instance": pa.string(), "bundle": pa.string(), "stamp": pa.string(), "signatures": pa.string()}
        kinds |= {"captured": pa.int64(), "boot": pa.int64(), "cluster": pa.string(), "teller": pa.string()}
        columns = {name: ([row[k] for row in self.of_bundle], kind) for k, (name, kind) in enumerate(kinds.items())}
        with store_faults():
            secure([path.parent])
            part = path.with_name(f"{uuid.uuid4().hex}.part")
            write_columns(part, columns | finding_columns(self.rows))
            part.chmod(0o600)
            part.replace(path)


def compact(
    library: "Library",
    signatures: str,
    ledger: Mapping[str, str],
    checkpoint: Callable[[], None] = lambda: None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Compacted:
    """Write the file anew. Bundles that were scanned with another signature set than `signatures` are scanned again first.
    `library` is opened for this: a bundle that it has held open for long may be older than its files."""
    done, columns, names = Compacted(), _Columns(), library.instances()
    for place, name in enumerate(names):
        checkpoint()
        progress(place, len(names))
        try:
            for bundle in library.bundles(name):
                if bundle.manifest.signatures != signatures:
                    library.reindex(bundle, checkpoint)
                    done.rescanned += 1
                done.findings += columns.enter(bundle, whose(bundle, ledger))
                done.bundles += 1
        except UNREADABLE as error:
            done.left_out[name] = why_not(error)
    columns.write(path_of(library))
    progress(len(names), len(names))
    return done
