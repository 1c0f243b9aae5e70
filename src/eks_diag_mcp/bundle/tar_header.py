"""Tar headers read with care: what tarfile would read without bound is bounded, what it would pass over is damage."""

import tarfile
from typing import Any

HEADER_BYTES = 1 << 20
"""The most that one extended header (a long name, pax records) may take; tarfile reads it whole into memory."""
_tarfile: Any = tarfile
"""For the names that its type stubs leave out."""


class Header(tarfile.TarInfo):
    """A tar header that may not ask for much: extended headers are bounded, maps of sparse files are not read."""

    def _proc_member(self, tar: Any) -> Any:
        extended = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
        if self.type in extended and self.size > HEADER_BYTES:
            raise _tarfile.SubsequentHeaderError(f"an extended header of {self.size} bytes")
        return super()._proc_member(tar)  # type: ignore[misc]

    def _proc_sparse(self, tar: Any) -> Any:
        _, extended, size = self._sparse_structs  # type: ignore[attr-defined]
        for _ in range(HEADER_BYTES // tarfile.BLOCKSIZE):
            if not extended:
                break
            block = tar.fileobj.read(tarfile.BLOCKSIZE)
            extended = len(block) == tarfile.BLOCKSIZE and bool(block[504])
        self.sparse: Any = []
        self.offset_data = tar.fileobj.tell()
        tar.offset = self.offset_data + self._block(self.size)  # type: ignore[attr-defined]
        self.size = size
        return self

    def _proc_gnusparse_10(self, following: Any, _records: Any, _tar: Any) -> None:
        following.sparse = []  # marks it as sparse; where its holes are is of no interest

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "Header":
        """tarfile takes a broken header for the end of the archive; here it is damage."""
        try:
            return super().frombuf(buf, encoding, errors)
        except (_tarfile.InvalidHeaderError, _tarfile.TruncatedHeaderError, _tarfile.EmptyHeaderError) as error:
            raise _tarfile.SubsequentHeaderError("a header is broken or the end mark is missing") from error
