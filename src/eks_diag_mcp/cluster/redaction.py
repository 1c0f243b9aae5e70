"""A Kubernetes object without what nobody should read in an answer: values of Secrets, tokens, bookkeeping."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .reading import Document, without_accounts

Mask = Callable[[str], str]
"""Masks secrets in a text of any number of lines."""

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_NAME = re.compile(
    r"passw|secret|token|credential|api_?key|access_?key|private_?key|signing_?key|encryption_?key|_auth$|^auth$|_dsn$|connection_?string",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"|true|false|yes|no|\d{1,3}|/[\w./-]+|\$\([A-Z_]+\)", re.IGNORECASE)
"""Values that are no secret whatever their name: flags, small numbers, paths, references."""
_LONGEST = 2_000
"""Characters of one value; longer ones are cut and say so."""
_LONG_LISTS: Mapping[str, int] = {"images": 5, "volumesInUse": 20, "volumesAttached": 20}
"""Lists of a status that grow long and tell little (a node's images: 50 with two names each)."""


def redacted(item: Document, mask: Mask) -> dict[str, Any]:
    """A copy for showing. Every string goes through `mask`; values of Secrets and of environment variables with telling
    names are replaced, and so is the applied configuration, which repeats the object in one annotation."""
    secret = item.get("kind") == "Secret"
    return {k: _value(k, v, mask, secret=secret and k in ("data", "stringData")) for k, v in item.items()}


def _value(key: str, value: Any, mask: Mask, *, secret: bool = False) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value, mask, secret=secret)
    if isinstance(value, list):
        most = _LONG_LISTS.get(key, 1_000)
        shown = [_value(key, v, mask, secret=secret) for v in value[:most]]
        return [*shown, f"… {len(value) - most} more"] if len(value) > most else shown
    if not isinstance(value, str):
        return value
    if secret:
        return _gone(value)
    return _plain(value, mask)


def _mapping(value: Mapping[str, Any], mask: Mask, *, secret: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    variable = value.get("name") if isinstance(value.get("value"), str) else None
    for key, each in value.items():
        if key == "managedFields":
            continue
        if key == _APPLIED:
            found[key] = "[left out: repeats the object]"
        elif isinstance(each, str) and _telling(key, each, variable):
            found[key] = _gone(each)
        else:
            found[key] = _value(key, each, mask, secret=secret)
    return found


def _telling(key: str, value: str, variable: object) -> bool:
    """Does the name say that the value is a secret? `variable` is the name beside a `value` (an environment variable)."""
    name = variable if key == "value" and isinstance(variable, str) else key
    if key != "value" and not _looks_like_setting(key):
        return False
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS.fullmatch(value)


def _looks_like_setting(key: str) -> bool:
    """Keys of configuration (DB_PASSWORD, db.password), not of the API's own fields (secretName, tokenExpirationSeconds)."""
    return bool(re.search(r"[_.-]|^[A-Z0-9]+$", key)) or key.casefold() in ("password", "passwd", "token", "secret", "credentials")


def _gone(value: str) -> str:
    return f"[redacted, {len(value)} characters]"


def _plain(value: str, mask: Mask) -> str:
    shown = without_accounts(mask(value[: 4 * _LONGEST]))  # masked before it is cut: half a token would not be known as one
    kept = shown[:_LONGEST]
    return kept if len(value) <= _LONGEST else f"{kept}… [{len(value) - _LONGEST} more characters]"
