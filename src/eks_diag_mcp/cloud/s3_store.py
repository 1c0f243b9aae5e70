"""A part of a bucket as an object store (objects.py)."""

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from ..errors import BadBundle, DiagError, NotThere, Unavailable
from ..objects import Content, Stored
from .aws import Aws
from .aws_faults import denied

_BATCH = 1_000
"""Keys of one DeleteObjects."""
_LOST = {"PreconditionFailed", "ConditionalRequestConflict"}
_WRITER = "writer"
_MOST_BYTES = 5 << 30
"""Of one PutObject."""


class S3Store:
    """The objects below a prefix of a bucket. Raises Denied, NotThere, Throttled, Unreachable ... as every call of AWS."""

    def __init__(self, aws: Aws, region: str, bucket: str, prefix: str) -> None:
        self._aws, self._region, self._bucket = aws, region, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            return self._aws.call("s3", operation, self._region, Bucket=self._bucket, **arguments)
        except NotThere as error:
            if _code(error) == "NoSuchBucket":
                raise NotThere(
                    f"The library's bucket {self._bucket!r} does not exist.", "Check EKS_DIAG_LIBRARY (s3://bucket/prefix)."
                ) from error.__cause__
            raise

    def list(self, prefix: str) -> Iterator[Stored]:
        """All objects whose names begin so, page by page."""
        more: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", Prefix=self._prefix + prefix, **more)
            now = _now(page)
            for item in page.get("Contents") or ():
                age_s = (now - item["LastModified"]).total_seconds()
                yield Stored(item["Key"].removeprefix(self._prefix), int(item["Size"]), str(item["ETag"]), age_s)
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def mark(self, prefix: str) -> Hashable | None:
        """The names and etags that are there."""
        return tuple((stored.name, stored.etag) for stored in self.list(prefix))

    def read(self, name: str) -> Content | None:
        """A whole object; None where there is none."""
        answer = self._found("get_object", name)
        if answer is None:
            return None
        age_s = (_now(answer) - answer["LastModified"]).total_seconds()
        return Content(self._body(answer), str(answer["ETag"]), age_s)

    def read_range(self, name: str, offset: int, size: int) -> bytes:
        """Some bytes of an object, fewer at its end."""
        answer = self._found("get_object", name, Range=f"bytes={offset}-{offset + size - 1}")
        if answer is None:
            raise BadBundle(
                f"{name.rpartition('/')[2]} of a stored bundle is gone or shorter than its index says.",
                "Remove the bundle (eks-diag-mcp library purge), then collect it again.",
            )
        return self._body(answer)

    def _found(self, operation: str, name: str, **arguments: Any) -> dict[str, Any] | None:
        try:
            return self._call(operation, Key=self._prefix + name, **arguments)
        except DiagError as error:
            if _code(error) in ("NoSuchKey", "404", "InvalidRange"):
                return None
            raise

    def _body(self, answer: dict[str, Any]) -> bytes:
        return self._aws.whole(answer["Body"], int(answer["ContentLength"]), "GetObject")

    def put(self, name: str, data: bytes | Path, *, only_new: bool = False, match: str | None = None) -> str | None:
        """Write an object; its etag, or None where the condition does not hold. An answer that was lost on the way makes
        botocore ask again, and the second time our own object is in the way: it carries who wrote it."""
        if isinstance(data, Path) and data.stat().st_size > _MOST_BYTES:
            raise Unavailable("A file of the bundle is too large for S3.", "Keep bundles of that size in a folder.")
        writer, only = uuid4().hex, {"IfNoneMatch": "*"} if only_new else {"IfMatch": match} if match is not None else {}
        try:
            with _opened(data) as body:
                answer = self._call("put_object", Key=self._prefix + name, Body=body, Metadata={_WRITER: writer}, **only)
            return str(answer["ETag"])
        except DiagError as error:
            if not only or _code(error) not in (_LOST if only_new else {*_LOST, "NoSuchKey"}):
                raise
        there = self._found("head_object", name)
        return str(there["ETag"]) if there and there.get("Metadata", {}).get(_WRITER) == writer else None

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects, in that order."""
        keys = [self._prefix + name for name in names]
        for start in range(0, len(keys), _BATCH):
            told = {"Objects": [{"Key": key} for key in keys[start : start + _BATCH]], "Quiet": True}
            refused = self._call("delete_objects", Delete=told).get("Errors") or ()
            for error in refused:
                if error.get("Code") == "AccessDenied":
                    raise denied("s3:DeleteObject")
                raise Unavailable(f"S3 could not delete all objects ({error.get('Code')}).", "Make the same call again.")


@contextmanager
def _opened(data: bytes | Path) -> Iterator[bytes | IO[bytes]]:
    if isinstance(data, bytes):
        yield data
        return
    with data.open("rb") as file:
        yield file


def _now(answer: dict[str, Any]) -> datetime:
    """When S3 gave that answer, by its own clock."""
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(told) if told else datetime.now(UTC)


def _code(error: DiagError) -> str:
    """S3's own word for what it refused."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
