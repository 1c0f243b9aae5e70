"""Pages as AWS gives them: an opaque token, and an error when it is not one of ours."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from .errors import AwsError

T = TypeVar("T")


def page(items: Sequence[T], size: int, token: str | None, bad_token: AwsError) -> tuple[list[T], str | None]:
    """(the page that the token points to, the token of the next one or None)."""
    start = 0
    if token:
        try:
            start = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("at-"))
        except (ValueError, binascii.Error):
            raise bad_token from None
    end = start + size
    following = base64.urlsafe_b64encode(f"at-{end}".encode()).decode() if end < len(items) else None
    return list(items[start:end]), following


def with_token(answer: dict[str, Any], token: str | None, name: str = "NextToken") -> dict[str, Any]:
    """The answer with its token, if there is one."""
    return {**answer, name: token} if token else answer
