"""text/0.parquet opened for reading single blocks. One handle serves all threads: a read names its place."""

import os
import threading
import weakref
from pathlib import Path
from typing import Any

from ..errors import BadBundle
from .blocks import BlockRef
from .pages import LENGTH_BYTES


class TextFile:
    """The text of a bundle's blocks."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._handle)
        self._local = threading.local()

    def read(self, ref: BlockRef) -> memoryview:
        """The text of a block. BadBundle where the file is not what the index says."""
        from .arrow import pa

        codec: Any = getattr(self._local, "codec", None)
        if codec is None:
            codec = self._local.codec = pa.Codec("zstd")
        try:
            page = codec.decompress(os.pread(self._handle, ref.packed, ref.at), ref.size + LENGTH_BYTES, asbytes=True)
        except (OSError, pa.ArrowException) as error:
            raise BadBundle("The stored text of the bundle is damaged.", "Remove the bundle, then collect it again.") from error
        return memoryview(page)[LENGTH_BYTES:]
