"""Collections as tasks: the ids under which a client follows them, where they stand, and giving one up.

A task id carries all that is needed (when the task was made, which collection it follows), so any server of the library
answers for it, also after a restart. Only that a client gave one up is written down: an empty file of the store."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ..errors import BadInput, Throttled, Unreachable
from .collecting import CollectAnswer, collected
from .room import Room

LIFE = timedelta(days=1)
"""How long a task can be asked for. Its collection can be followed by `status` for as long as SSM keeps it."""
_INDEXING_POLL_S, _NODE_POLL_S = 2, 15
_ID = re.compile(r"task-(?P<mark>(?P<made>[0-9a-f]{8})-[0-9a-f]{16})-(?P<execution>.{1,300})", re.ASCII)

TaskStatus = Literal["working", "completed", "cancelled"]


@dataclass(frozen=True, slots=True)
class TaskId:
    """A task of a collection. `mark` is its own part of the id: when it was made (hex, seconds) and a random number."""

    mark: str
    made: datetime
    execution_id: str

    @classmethod
    def new(cls, execution_id: str, at: datetime) -> "TaskId":
        """A new id; each caller that collects gets one of its own."""
        made = int(at.timestamp())
        return cls(f"{made:08x}-{secrets.token_hex(8)}", datetime.fromtimestamp(made, UTC), execution_id)

    @classmethod
    def read(cls, text: str, at: datetime) -> "TaskId":
        """The id a client gives back. BadInput for none, and for one whose life is over."""
        found = _ID.fullmatch(text)
        if found is None:
            raise _unknown(text)
        made = datetime.fromtimestamp(int(found["made"], 16), UTC)
        if at > made + LIFE:
            raise BadInput(f"The task has expired: {text[:120]!r}.", f'status(executionId="{found["execution"]}") may still tell.')
        return cls(found["mark"], made, found["execution"])

    def __str__(self) -> str:
        return f"task-{self.mark}-{self.execution_id}"


@dataclass(frozen=True, slots=True)
class Followed:
    """Where a task stands. `answer` is that of `collect` once the collection has ended; `failed`: without a bundle."""

    task_id: str
    status: TaskStatus
    message: str
    made: datetime
    looked: datetime
    poll_after_s: int
    answer: CollectAnswer | None = None
    failed: bool = False


def follow(room: Room, execution_id: str, poll_after_s: int) -> Followed:
    """A new task for a collection that is under way."""
    at = room.app.wall()
    found = TaskId.new(execution_id, at)
    said = f'The collection has begun. status(executionId="{execution_id}") tells its steps.'
    return Followed(str(found), "working", said, found.made, at, poll_after_s)


def look(room: Room, task_id: str) -> Followed:
    """Where a task stands now. BadInput for a task that is unknown, or another's."""
    found, at = _known(room, task_id), room.app.wall()
    if room.app.library.home.objects.read(_given_up(found)) is not None:
        return Followed(task_id, "cancelled", _goes_on(found), found.made, at, _INDEXING_POLL_S)
    try:
        standing = room.app.intake.follow(found.execution_id, 0, room.checkpoint)
    except (Unreachable, Throttled) as error:  # the look failed, not the collection
        return Followed(task_id, "working", str(error), found.made, at, _NODE_POLL_S)
    told = standing.collection
    if standing.state == "working":
        said = standing.message or f"{'indexing' if told.state == 'ready' else told.status}, {standing.progress:.0%}"
        pause_s = _INDEXING_POLL_S if told.state == "ready" else told.poll_after_s
        return Followed(task_id, "working", said, found.made, at, pause_s)
    ended: TaskStatus = "cancelled" if standing.state == "cancelled" else "completed"
    said = standing.message or "The bundle is indexed; its findings can be read."
    failed = standing.state == "failed"
    return Followed(task_id, ended, said, found.made, at, _INDEXING_POLL_S, collected(standing), failed)


def give_up(room: Room, task_id: str) -> None:
    """Follow a task no longer. What was asked of the node goes on: this server has no right to stop it."""
    found = _known(room, task_id)
    if look(room, task_id).status != "working":
        return
    from ..bundle.records import GIVEN_UP

    objects = room.app.library.home.objects
    objects.put(_given_up(found), b"")
    oldest = f"{GIVEN_UP}{int((room.app.wall() - LIFE).timestamp()):08x}"
    objects.delete([other.name for other in objects.list(GIVEN_UP) if other.name < oldest])


def must_be_known(room: Room, task_id: str) -> None:
    """BadInput for a task that is unknown, or another's."""
    _known(room, task_id)


def _known(room: Room, task_id: str) -> TaskId:
    """The task, where its collection is one that the caller may follow: it is in their ledger or among their archives."""
    found = TaskId.read(task_id, room.app.wall())
    if room.app.intake.ledger.get(found.execution_id) is not None:
        return found
    if not room.app.archives.is_ours(found.execution_id):
        raise _unknown(task_id)
    _, digest, instance = found.execution_id.split("-", 2)
    if room.app.library.by_digest(digest) is None and not room.app.archives.of(instance):
        raise _unknown(task_id)
    return found


def _unknown(task_id: str) -> BadInput:
    return BadInput(f"Unknown task {task_id[:120]!r}.", "Use the taskId that the call of collect returned to you.")


def _given_up(task: TaskId) -> str:
    from ..bundle.records import GIVEN_UP

    return GIVEN_UP + task.mark


def _goes_on(task: TaskId) -> str:
    return (
        "This task is no longer followed. What was asked of the node goes on there; "
        f'status(executionId="{task.execution_id}") follows it again.'
    )
