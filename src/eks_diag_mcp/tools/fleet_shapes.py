"""What the fleet tools share: which bundles are meant, and what of them could not answer."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..errors import UnknownInstance
from .room import Room, window
from .shapes import Answer

if TYPE_CHECKING:
    from ..bundle.search import Budget
    from ..fleet.at_hand import Hand

ClusterArg = Annotated[str | None, Field(description="Nodes of this cluster only")]
InstancesArg = Annotated[list[str] | None, Field(max_length=500, description="These nodes only")]
After = Annotated[str | None, Field(description="All bundles captured from then on; without: each node's newest")]
Before = Annotated[str | None, Field(description="All bundles captured before then")]
_NAMED = 20
"""Nodes named one by one; of more only the number."""


class Unanswered(Answer):
    """Nodes that could not answer, for one reason. `instances` names the first of them."""

    why: str
    nodes: int
    instances: list[str]


def hand_of(
    room: Room,
    budget: "Budget",
    cluster: str | None,
    instances: list[str] | None,
    after: str | None = None,
    before: str | None = None,
) -> "Hand":
    """The bundles that are meant. UnknownInstance where there is none."""
    from ..fleet.at_hand import Ask, at_hand

    span = window(after, before, None)
    hand = at_hand(
        room.app.library,
        Ask(cluster, frozenset(instances or ()), span, room.app.intake.ledger.clusters()),
        room.checkpoint,
        lambda: budget.spent,
    )
    if not hand.held and not hand.unreadable:
        known = room.app.known_instances()
        raise UnknownInstance(
            "No bundle at hand is of those nodes." if known else "There is no bundle at hand.",
            f"history lists what there is ({len(known)} nodes); collect or batch_collect gets more."
            if known
            else "Use collect first.",
        )
    return hand


def unanswered(hand: "Hand", *more: tuple[str, str]) -> list[Unanswered]:
    """What the answer does not speak of, and why. `more`: (instance, why) of others."""
    pairs = [*((why, name) for name, why in hand.unreadable.items()), *((why, name) for name, why in more)]
    pairs += [("nothing tells which cluster its bundle is of", name) for name in hand.of_nobody]
    pairs += [("no bundle of it is at hand", name) for name in hand.unknown]
    by_reason: dict[str, list[str]] = {}
    for why, name in pairs:
        by_reason.setdefault(why, []).append(name)
    return [Unanswered(why=why, nodes=len(names), instances=sorted(names)[:_NAMED]) for why, names in sorted(by_reason.items())]
