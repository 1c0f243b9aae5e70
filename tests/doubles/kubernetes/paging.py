"""Lists: pages of one snapshot, and the tokens that lead from page to page."""

import base64
import binascii
import json
from typing import Any, NamedTuple

from . import status
from .asked import Asked
from .kinds import Kind
from .selectors import everything, fields, labels
from .store import Object, Store

LATEST = -1
"""The version in a token that goes on after its snapshot is gone."""


class Token(NamedTuple):
    """Where a list goes on: at which version, from which key (relative to what is listed)."""

    version: int
    start: str

    def encode(self) -> str:
        body = json.dumps({"v": "meta.k8s.io/v1", "rv": self.version, "start": self.start}, separators=(",", ":"))
        return base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> "Token":
        try:
            if "=" in text:
                raise ValueError("padding")
            body = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
            if body["v"] != "meta.k8s.io/v1" or not isinstance(body["rv"], int) or not body["start"]:
                raise ValueError("fields")
            return cls(body["rv"], str(body["start"]))
        except (binascii.Error, ValueError, KeyError, TypeError):
            raise status.bad_request(f"invalid continue token: illegal value {text[:40]!r}") from None


class _Span(NamedTuple):
    """Which part of which version is listed."""

    version: int
    start: str
    limit: int


def a_list(store: Store, kind: Kind, asked: Asked) -> dict[str, Any]:
    """The answer to a list: one page, or all of it when no limit is asked."""
    query = asked.query
    wanted = [labels(query.get("labelSelector", "")), fields(query.get("fieldSelector", ""), kind)]
    with store.lock:
        span = _span(store, asked)
        objects = [(k, o) for k, o in store.at(kind.storage, span.version, asked.namespace)]
        cut = len(asked.namespace) + 1 if asked.namespace else 0
        rest = [(k.path[cut:], o) for k, o in objects if k.path[cut:] >= span.start]
    page: list[Object] = []
    looked = 0
    for _, obj in rest:
        if span.limit and len(page) == span.limit:
            break
        looked += 1
        if all(test(obj) for test in wanted):
            page.append(obj)
    meta: dict[str, Any] = {"resourceVersion": str(span.version)}
    if looked < len(rest):
        # The server looks no further than it must: with a selector, the page after may turn out to be empty.
        meta["continue"] = Token(span.version, rest[looked - 1][0] + "\0").encode()
        if wanted == [everything, everything]:
            meta["remainingItemCount"] = len(rest) - looked
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": meta, "items": page}


def _span(store: Store, asked: Asked) -> _Span:
    query = asked.query
    version = query.get("resourceVersion", "")
    if version and not version.isdigit():
        text = f'Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax'
        raise status.bad_request(f"resourceVersion: {text}")
    limit = int(query["limit"]) if query.get("limit", "").isdigit() else 0
    if query.get("continue"):
        if version not in ("", "0"):
            raise status.bad_request("specifying resource version is not allowed when using continue")
        return _next(store, Token.decode(query["continue"]), limit)
    if version == "0":
        return _Span(store.version, "", 0)  # answered from the watch cache, which pays no heed to limit
    if version and int(version) > store.version:
        text = f"Timeout: Too large resource version: {version}, current: {store.version}"
        raise status.Refused(504, status.failure(504, text, details={"retryAfterSeconds": 1}))
    if query.get("resourceVersionMatch") == "Exact" and version:
        if int(version) < store.compacted:
            text = "The resourceVersion for the provided list is too old."
            raise status.Refused(410, status.failure(410, text))
        return _Span(int(version), "", limit)
    return _Span(store.version, "", limit)


def _next(store: Store, token: Token, limit: int) -> _Span:
    if token.version == LATEST:
        return _Span(store.version, token.start, limit)
    if token.version < store.compacted:
        raise status.expired(Token(LATEST, token.start).encode())
    return _Span(token.version, token.start, limit)
