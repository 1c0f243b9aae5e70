"""Parts of large objects, read as they are needed and kept for a while: the text of a bundle in a bucket.

An object is cut into pieces on a grid; a piece is a round trip, so it is larger than most pages, and where an object is read
in order several pieces come at once."""

import threading

from ..objects import ObjectStore
from ..recent import Recent
from .files import ReadRange

PIECE_BYTES = 64 << 10
KEPT_PIECES = 512
"""32 MB of a server's memory, over all bundles."""
AHEAD = 8
_LOCKS = 32


class RangeCache:
    """The pieces read last."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._pieces: Recent[tuple[str, str, int], bytes] = Recent(KEPT_PIECES)
        self._locks = [threading.Lock() for _ in range(_LOCKS)]

    def reader(self, name: str, etag: str) -> ReadRange:
        """What reads parts of an object, as it is with that etag."""

        def read(offset: int, size: int) -> bytes:
            first, last = offset // PIECE_BYTES, (offset + max(1, size) - 1) // PIECE_BYTES
            data = b"".join(self._piece(name, etag, number, last) for number in range(first, last + 1))
            return data[offset - first * PIECE_BYTES :][:size]

        return read

    def _piece(self, name: str, etag: str, number: int, last: int) -> bytes:
        """A piece; with it those that are asked for next. Threads that want pieces beside one another wait for one read."""
        with self._locks[hash((name, number // AHEAD)) % _LOCKS]:
            found = self._pieces.get((name, etag, number))
            if found is None:
                found = self._fetch(name, etag, number, last)
            return found

    def _fetch(self, name: str, etag: str, number: int, last: int) -> bytes:
        in_order = (name, etag, number - 1) in self._pieces
        end = number // AHEAD * AHEAD + AHEAD
        count = min(end, max(last + 1, number + AHEAD if in_order else 0)) - number
        data = self._objects.read_range(name, number * PIECE_BYTES, count * PIECE_BYTES)
        for place in range(count):
            self._pieces[name, etag, number + place] = data[place * PIECE_BYTES :][:PIECE_BYTES]
        return data[:PIECE_BYTES]
