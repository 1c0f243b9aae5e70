"""One pattern in many bundles, by an executor: what each node holds, and which bundles were not searched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..config import Settings
from ..model import Window
from .at_hand import ANY_TIME
from .executor import Executor, Failure
from .held import Held
from .hunt import NodeHits, Open, Order, search_bundle

if TYPE_CHECKING:
    from ..bundle.sweep import Halt

Told = Callable[[int, int, str], None]
"""Progress: done, of all, in words."""
_MOST_S = 60.0
"""One bundle is searched no longer, however much time a whole question has."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched. `sources`: None for all files; `window`: lines of that time."""

    query: str
    sources: frozenset[str] | None = None
    window: Window = ANY_TIME


@dataclass(slots=True)
class FleetHits:
    """What was found. `nodes`: those with matches, most first; `searched`: bundles looked at to their end; `stored`: those of
    them answered from the store; `failed`: (instance, why) of those that were not searched, or not to their end."""

    nodes: list[NodeHits] = field(default_factory=list)
    searched: int = 0
    stored: int = 0
    bytes: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Matching lines; a lower bound where bundles failed."""
        return sum(node.total for node in self.nodes)


def search_fleet(
    executor: Executor,
    open_: Open,
    settings: Settings,
    held: Sequence[Held],
    question: Question,
    seconds: float,
    *,
    check: "Halt" = lambda: None,
    progress: Told = lambda _done, _all, _words: None,
) -> FleetHits:
    """Search those bundles for at most `seconds`. `open_` is a function of a module that opens the library of `settings`
    in whatever process works. `check` raises where the caller gave up."""
    said = settings.model_copy(update={"clusters": {}, "archives": None}).model_dump_json()  # of no use to a worker
    limit = min(seconds, _MOST_S)
    orders = [
        Order(open_, said, one.instance_id, one.digest, question.query, question.sources, question.window, limit) for one in held
    ]
    found = FleetHits()
    for done, (order, told) in enumerate(executor.run(search_bundle, orders, check, seconds), 1):
        progress(done, len(orders), f"{done} of {len(orders)} bundles")
        if isinstance(told, Failure):
            found.failed.append((order.instance_id, told.why))
            continue
        found.bytes += told.bytes
        if told.total:
            found.nodes.append(told)
        if told.complete:
            found.searched += 1
            found.stored += told.stored
        else:
            found.failed.append((order.instance_id, f"searched in part: {told.why}"))
    found.nodes.sort(key=lambda node: (-node.total, node.instance_id, node.digest))
    found.failed.sort()
    return found
