"""Reading what Kubernetes and AWS answer: documents whose parts may be missing, null, or of another type than promised."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Document = Mapping[str, Any]

_WORD = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,79}")
_ARN = re.compile(r"\barn:(aws[\w-]*):([\w-]*):([\w-]*):\d{12}:")


def part(document: object, *keys: str) -> Document:
    """The document under those keys; an empty one where something on the way is missing."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else {}


def parts(document: object, *keys: str) -> list[Document]:
    """The documents in the list under those keys."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return [item for item in document if isinstance(item, Mapping)] if isinstance(document, list) else []


def text(document: Document, key: str) -> str:
    """A string; "" where there is none."""
    value = document.get(key)
    return value if isinstance(value, str) else "" if value is None else str(value)


def number(document: Document, key: str) -> int:
    """A whole number; 0 where there is none (the API leaves zeros out)."""
    value = document.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def moment(value: object) -> datetime | None:
    """A time from RFC 3339 or from boto3; None where there is none."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def word(value: object) -> str:
    """A machine's word (a reason, a phase, a type) as it is; anything that could be a sentence is not passed on."""
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "(not a word)"


def without_accounts(value: str) -> str:
    """ARNs without the number of their account."""
    return _ARN.sub(r"arn:\1:\2:\3:…:", value)


def arn_name(arn: str) -> str:
    """What an ARN names, without partition, region and account: "role/eks-node"."""
    return arn.split(":", 5)[5] if arn.startswith("arn:") and arn.count(":") >= 5 else arn


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, as Kubernetes writes it: 45s, 12m, 5h, 3d."""
    if since is None:
        return ""
    seconds = max(0, int((now - since).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
