"""The words of collecting: what is asked, how far it is, what was fetched, and what every collector can do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ..errors import BadInput
from ..naming import AWS_INSTANCE

if TYPE_CHECKING:
    from .target import Target

State = Literal["working", "ready", "failed", "cancelled"]
"""ready: the archive can be fetched. It says nothing of findings: those come when it is indexed."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for one node's logs. `instance_id` may be a node's name for the node agent. `target` is what AWS said of
    the instance a moment ago, where it was looked up for this request; never what a caller says."""

    instance_id: str
    region: str | None = None
    cluster: str | None = None
    token: str | None = None
    target: "Target | None" = None

    def strict_id(self) -> str:
        """The instance id as AWS writes it. It ends in a root shell on the node, so nothing else passes."""
        if not AWS_INSTANCE.fullmatch(self.instance_id):
            raise BadInput(
                f"{self.instance_id[:80]!r} is no EC2 instance id.",
                "It is i- and 8 or 17 hex digits; cluster_health lists the nodes.",
            )
        return self.instance_id


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a collection as AWS names it. `text` is its own message, untrusted."""

    name: str
    status: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """One request for logs and where it stands. `status` is the service's own word, `message` and `remedy` are ours.
    `began` is when the service says it began; None where it was not asked. `cluster` is the one that AWS or the cluster
    itself proved the node to be of while the collection was begun; never one that a caller only named."""

    execution_id: str
    via: str
    instance_id: str
    state: State
    status: str
    region: str | None = None
    message: str = ""
    remedy: str = ""
    text: str = ""
    steps: tuple[Step, ...] = ()
    progress: float = 0.0
    poll_after_s: int = 15
    found_running: bool = False
    notes: tuple[str, ...] = ()
    began: datetime | None = None
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """An archive on this machine. `expect` is the instance it must be of, `alias` the node's name."""

    path: Path
    expect: str | None
    alias: str | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carrier:
    """How a fetch tells of itself: `progress(done, total)` in bytes; `checkpoint` raises when it is to stop."""

    progress: Callable[[int, int], None] = lambda _done, _total: None
    checkpoint: Callable[[], None] = lambda: None


class Collector(Protocol):
    """A way to a node's logs. Nothing of it must be remembered: an execution id says all that `poll` and `fetch` need."""

    via: str

    def start(self, ask: Ask) -> Collection:
        """Ask for the logs; the collection that runs already where there is one."""
        ...

    def poll(self, execution_id: str) -> Collection:
        """Where it stands."""
        ...

    def fetch(self, collection: Collection, folder: Path, carrier: Carrier) -> Fetched:
        """Bring the archive of a ready collection into `folder` (or name it where it lies)."""
        ...


def parts(execution_id: str, via: str, count: int) -> list[str]:
    """The fields of an execution id of that collector ("ssm:us-west-2:..."). BadInput for anything else."""
    found = execution_id.split(":")
    if found[0] != via or len(found) != count or not all(found):
        raise BadInput(f"Unknown executionId {execution_id[:80]!r}.", "Use the executionId that collect returned.")
    return found[1:]
