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
            in_order = (name, etag, first - 1) in self._pieces
            until = (last // AHEAD + 1) * AHEAD if in_order else last + 1
            found: list[bytes] = []
            for start in range(first // AHEAD * AHEAD, until, AHEAD):
                found += self._group(name, etag, max(first, start), min(until, start + AHEAD))
            return b"".join(found)[offset - first * PIECE_BYTES :][:size]

        return read

    def _group(self, name: str, etag: str, first: int, until: int) -> list[bytes]:
        """Pieces of one stretch of AHEAD, by one read at most. Threads that want the same stretch wait for one another."""
        with self._locks[hash((name, first // AHEAD)) % _LOCKS]:
            found = {number: self._pieces.get((name, etag, number)) for number in range(first, until)}
            missing = [number for number, piece in found.items() if piece is None]
            if missing:
                start, end = missing[0], missing[-1] + 1
                data = self._objects.read_range(name, start * PIECE_BYTES, (end - start) * PIECE_BYTES)
                for number in range(start, end):
                    piece = data[(number - start) * PIECE_BYTES :][:PIECE_BYTES]
                    found[number] = self._pieces[name, etag, number] = piece
            return [piece or b"" for piece in found.values()]
