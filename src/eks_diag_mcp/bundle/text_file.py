"""text/0.parquet opened for reading single blocks. Safe to share between threads."""

import threading
from typing import Any

from ..errors import BadBundle
from .blocks import BlockRef
from .files import DAMAGED, ReadRange
from .pages import LENGTH_BYTES


class TextFile:
    """The text of a bundle's blocks. `read_range` gives bytes of the file."""

    def __init__(self, read_range: ReadRange) -> None:
        self._range = read_range
        self._local = threading.local()

    def read(self, ref: BlockRef) -> memoryview:
        """The text of a block. BadBundle where the file is not what the index says."""
        from .arrow import pa

        codec: Any = getattr(self._local, "codec", None)
        if codec is None:
            codec = self._local.codec = pa.Codec("zstd")
        try:
            page = codec.decompress(self._range(ref.at, ref.packed), ref.size + LENGTH_BYTES, asbytes=True)
        except (OSError, pa.ArrowException) as error:
            raise BadBundle("The stored text of the bundle is damaged.", DAMAGED) from error
        return memoryview(page)[LENGTH_BYTES:]
