"""The quoted lines of a report, numbered, so that every claim can point at its own. A long line may be cut in two ways."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..model import Evidence, LineRef
from ..quoting import around, clean
from ..tools.room import stamp

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

LIMIT = 480
"""Characters of a quoted line: a zap line with its message fits, a whole JSON dump in one line does not."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One quoted line. `anchor` is unique in the report, `number` within its node. `text` is untrusted."""

    anchor: str
    number: int
    file: str
    line: int
    text: str
    time: str | None = None


class Quotes:
    """The ledger of one node. `node` is its place in the report and keeps anchors of several nodes apart."""

    def __init__(self, bundle: "Bundle", node: int) -> None:
        self._bundle, self._node = bundle, node
        self._by_cut: dict[tuple[str, int, str], Quote] = {}

    def __iter__(self) -> Iterator[Quote]:
        return iter(self._by_cut.values())

    def __len__(self) -> int:
        return len(self._by_cut)

    def cite(self, evidence: Evidence) -> Quote:
        """The quote of that line, cut around its telling part; entered when this cut of it is new."""
        text = around(evidence.text, evidence.at, LIMIT)
        return self._enter(evidence.file, evidence.line, text, stamp(evidence.time))

    def cite_all(self, evidence: Iterable[Evidence], most: int) -> tuple[Quote, ...]:
        """The first `most` of them, each line once."""
        return tuple(dict.fromkeys(self.cite(e) for e in list(evidence)[:most]))

    def cite_place(self, ref: LineRef | None, telling: str = "") -> Quote | None:
        """The line that a reading was read from, cut around `telling`; None where nothing can be quoted."""
        if ref is None:
            return None
        known = next((q for (f, n, _), q in self._by_cut.items() if (f, n) == (ref.file, ref.line) and telling in q.text), None)
        if known is not None:
            return known
        try:
            text = next((text for _, text in self._bundle.lines(ref.file, ref.line, 1)), None)
        except BadInput:  # a file inside another one, which the store knows by its outer name only
            return None
        if text is None or not text.strip():
            return None
        return self._enter(ref.file, ref.line, around(text, max(text.find(telling), 0), LIMIT), None)

    def _enter(self, file: str, line: int, text: str, time: str | None) -> Quote:
        found = self._by_cut.get((file, line, text))
        if found is None:
            number = len(self._by_cut) + 1
            found = Quote(f"n{self._node}-q{number}", number, clean(file, 300), line, clean(text, LIMIT + 4), time)
            self._by_cut[file, line, text] = found
        return found
