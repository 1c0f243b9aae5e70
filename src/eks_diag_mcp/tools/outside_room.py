"""What the tools share that ask AWS or Kubernetes: arguments, masking, and filling a page."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import BaseModel, Field

from ..quoting import clean
from .room import PAGE_CHARS, Room

if TYPE_CHECKING:
    from ..cloud.clusters import ClusterRef
    from ..cluster.health import ClusterHealth

ClusterArg = Annotated[str | None, Field(description="EKS cluster. Left out: the only one known", examples=["prod-1"])]
NamespaceArg = Annotated[str | None, Field(description="Left out: all")]

_QUOTE = 300
R = TypeVar("R", bound=BaseModel)


def masker() -> Callable[[str], str]:
    """Masks secrets in a text of any number of lines, private keys over several lines among them."""
    from ..bundle.redact import Redactor

    redactor = Redactor()

    def mask(text: str) -> str:
        patience, lines = 0, []
        for line in text.split("\n"):
            masked, patience = redactor.block_line(line, patience)
            lines.append(masked)
        return "\n".join(lines)

    return mask


def quoted(text: str, mask: Callable[[str], str], limit: int = _QUOTE) -> str | None:
    """Foreign text as it may be shown; None where there is none."""
    from ..cluster.reading import without_accounts

    return clean(without_accounts(mask(text[: limit * 8])), limit) if text.strip() else None


def health_of(room: Room, ref: "ClusterRef", now: datetime, *, ssm: bool = True) -> "ClusterHealth":
    """The health of a cluster at `now`, asked within the room's patience. `ssm`: also whether SSM reaches the nodes."""
    from ..cluster.health import HealthCheck

    outside = room.app.outside
    check = HealthCheck(
        outside.aws,
        outside.clusters,
        ref,
        now=now,
        clock=room.app.now,
        deadline_s=room.patience_s,
        checkpoint=room.checkpoint,
        progress=room.progress,
    )
    return check.run(ssm=ssm)


def fitting(rows: Iterable[R], most: int, room: int = PAGE_CHARS) -> list[R]:
    """The first rows that fit one page, one at least."""
    taken: list[R] = []
    for row in rows:
        room -= len(row.model_dump_json(exclude_none=True)) + 1
        if taken and (room < 0 or len(taken) >= most):
            break
        taken.append(row)
    return taken
