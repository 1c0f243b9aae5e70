"""Refusals as a kube-apiserver words them: metav1 Status objects. The texts are what clients and people match on."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
GENERAL = {
    401: "Unauthorized",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    429: "Too many requests, please try again later.",
    500: "Internal error occurred: etcdserver: request timed out",
    503: "the server is currently unable to handle the request",
    504: "Timeout: request did not complete within requested timeout - context deadline exceeded",
}
"""What a status says when nothing more particular is known."""
UNKNOWN = "the server rejected our request for an unknown reason"
OLD_TOKEN = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


class Refused(Exception):
    """An answer other than success. `body` is a Status, or text where the real server sends text."""

    def __init__(self, code: int, body: dict[str, Any] | str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body if isinstance(body, str) else body["message"])
        self.code, self.body, self.headers = code, body, dict(headers or {})

    @property
    def content(self) -> tuple[bytes, str]:
        """The bytes and their media type."""
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body).encode() + b"\n", "application/json"


class Cause(NamedTuple):
    """One fault of a field."""

    reason: str
    message: str
    field: str


def failure(code: int, message: str = "", reason: str | None = None, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """A Status of that code. Without a message, what the real server says in general."""
    out: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    out |= {"message": message or GENERAL.get(code, UNKNOWN), "reason": REASONS.get(code, "") if reason is None else reason}
    if details is not None:
        out["details"] = details
    return out | {"code": code}


def success(group: str, plural: str, name: str, uid: str) -> dict[str, Any]:
    """What a deletion answers."""
    details = {"name": name, **({"group": group} if group else {}), "kind": plural, "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _of(group: str, kind: str, name: str = "") -> dict[str, Any]:
    named = {"name": name} if name else {}
    return named | ({"group": group} if group else {}) | {"kind": kind}


def bad_request(message: str) -> Refused:
    return Refused(400, failure(400, message))


def unauthorized() -> Refused:
    return Refused(401, failure(401))


def page_not_found() -> Refused:
    """An API group or version that is not there."""
    return Refused(404, "404 page not found\n")


def unknown_resource() -> Refused:
    """A resource that is not there, in a group that is."""
    return Refused(404, failure(404, details={}))


def not_found(group: str, plural: str, name: str) -> Refused:
    resource = f"{plural}.{group}" if group else plural
    return Refused(404, failure(404, f'{resource} "{name}" not found', details=_of(group, plural, name)))


def method_not_allowed() -> Refused:
    return Refused(405, failure(405, details={}))


def already_exists(group: str, plural: str, name: str) -> Refused:
    resource = f"{plural}.{group}" if group else plural
    text = f'{resource} "{name}" already exists'
    return Refused(409, failure(409, text, "AlreadyExists", _of(group, plural, name)))


def conflict(group: str, plural: str, name: str, why: str) -> Refused:
    resource = f"{plural}.{group}" if group else plural
    text = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return Refused(409, failure(409, text, details=_of(group, plural, name)))


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> Refused:
    """Fields that break the rules of their kind. Several faults stand in brackets."""
    faults = [f"{c.field}: {c.message}" for c in causes]
    told = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
    text = f'{f"{kind}.{group}" if group else kind} "{name}" is invalid: {told}'
    return Refused(422, failure(422, text, details=_of(group, kind, name) | {"causes": [c._asdict() for c in causes]}))


def expired(fresh: str) -> Refused:
    """The snapshot of a paged list is gone; `fresh` goes on without it."""
    return Refused(410, failure(410, OLD_TOKEN) | {"metadata": {"continue": fresh}})


def too_old(asked: int, oldest: int) -> dict[str, Any]:
    """What a watch from a forgotten version is told, as an event."""
    return failure(410, f"too old resource version: {asked} ({oldest})")


def retry_later(code: int, after_s: int | None, message: str = "") -> Refused:
    """A fault of the server itself: 429, 500, 503, 504 and what else a test scripts."""
    details = {} if after_s is None else {"retryAfterSeconds": after_s}
    return Refused(code, failure(code, message, details=details), {} if after_s is None else {"Retry-After": str(after_s)})
