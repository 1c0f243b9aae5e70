"""Batches: many nodes' collections asked for together. A batch is a file of the store; its collections are entries of the
ledger, so any server of the library can go on with it."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TypeVar

from .bundle.records import Records
from .collect.model import Ask
from .errors import BadInput, DiagError
from .intake import Intake, Standing

AT_A_TIME = 5
"""Collections started or looked at beside one another; SSM lets an account run 100."""
_ID = re.compile(r"batch-[0-9a-f]{12}")
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Planned:
    """One node of a batch."""

    instance_id: str
    via: str
    why: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it was planned."""

    batch_id: str
    cluster: str
    region: str
    started: str
    planned: tuple[Planned, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """Where one node of a batch stands. `standing` None: not begun yet. `refused`: it could not be begun, in our words."""

    instance_id: str
    via: str
    standing: Standing | None
    refused: str = ""

    @property
    def ended(self) -> bool:
        """Nothing more will come of it."""
        return bool(self.refused) or (self.standing is not None and self.standing.state != "working")


class Batches:
    """The batches of a library."""

    def __init__(self, records: Records, intake: Callable[[], Intake], now: Callable[[], float]) -> None:
        self.records, self._intake, self._now = records, intake, now

    @staticmethod
    def id_of(*parts: object) -> str:
        """The same request within a while is the same batch."""
        return "batch-" + hashlib.sha256(repr(parts).encode()).hexdigest()[:12]

    def get(self, batch_id: str) -> Batch | None:
        """A batch; None where the library has none of that id. BadInput for what is none."""
        if not _ID.fullmatch(batch_id):
            raise BadInput(f"{batch_id[:60]!r} is no batchId.", "Use the batchId that batch_collect returned.")
        said = self.records.get(batch_id)
        return Batch(**(said | {"planned": tuple(Planned(**p) for p in said["planned"])})) if said is not None else None

    def put(self, batch: Batch) -> None:
        """Keep a batch, in one step."""
        self.records.put(batch.batch_id, asdict(batch))

    def advance(self, batch: Batch, until: float, checkpoint: Callable[[], None]) -> list[Member]:
        """Begin what has not begun, look at what has, as far as the time goes (`until` on the clock of `now`)."""
        begun = {e.instance_id: e.execution_id for e in reversed(self._intake().ledger.entries(batch=batch.batch_id))}

        def look(planned: Planned) -> Member:
            return self._one(batch, planned, begun.get(planned.instance_id), until)

        return in_parallel(look, batch.planned, checkpoint)

    def _one(self, batch: Batch, planned: Planned, execution_id: str | None, until: float) -> Member:
        try:
            if execution_id is not None:
                return Member(planned.instance_id, planned.via, self._intake().follow(execution_id, 0))
            if self._now() > until:
                return Member(planned.instance_id, planned.via, None)
            ask = Ask(planned.instance_id, batch.region, batch.cluster)
            return Member(planned.instance_id, planned.via, self._intake().start(planned.via, ask, batch.batch_id))
        except DiagError as error:
            return Member(planned.instance_id, planned.via, None, str(error))


def in_parallel(work: Callable[[T], R], items: Iterable[T], checkpoint: Callable[[], None]) -> list[R]:
    """The results in the order of the items."""
    given: Sequence[T] = list(items)
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="batch") as pool:
        waiting = [pool.submit(work, item) for item in given]
        found = []
        for future in waiting:
            checkpoint()
            found.append(future.result())
    return found
