"""Watches: changes as they come, one JSON object a line, until the time that the client asked for is over."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from . import status
from .asked import Asked
from .kinds import Kind
from .selectors import Test, fields, labels
from .store import Change, Store
from .views import shown


class Bells:
    """Wakes the open watches. Everything but `ring` happens in the server's loop."""

    def __init__(self) -> None:
        self._events: set[asyncio.Event] = set()
        self.generation = 0
        """Counts up when all watches are to end."""

    def ring(self) -> None:
        for event in self._events:
            event.set()

    def end_all(self) -> None:
        self.generation += 1
        self.ring()

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        """Whether it rang in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return False
        event.clear()
        return True

    def new(self) -> asyncio.Event:
        event = asyncio.Event()
        self._events.add(event)
        return event

    def drop(self, event: asyncio.Event) -> None:
        self._events.discard(event)


async def watch(store: Store, bells: Bells, kind: Kind, asked: Asked) -> AsyncIterator[bytes]:
    """The body of a watch. Selectors must have been checked before: the headers are out by now."""
    query = asked.query
    tests = (labels(query.get("labelSelector", "")), fields(query.get("fieldSelector", ""), kind))
    since = query.get("resourceVersion", "")
    seen = int(since) if since.isdigit() else 0
    if seen and seen < store.compacted:
        yield _line("ERROR", status.too_old(seen, store.version))
        return
    if not seen:  # the state as it is, as if it were just made
        with store.lock:
            seen = store.version
            present = [o for _, o in store.at(kind.storage, seen, asked.namespace)]
        for obj in present:
            if _fits(obj, tests):
                yield _line("ADDED", shown(kind, obj))
    event = bells.new()
    generation = bells.generation
    ends = asyncio.get_running_loop().time() + float(query["timeoutSeconds"]) if query.get("timeoutSeconds") else None
    try:
        rang = True
        while rang and bells.generation == generation:
            with store.lock:
                changes = [c for c in store.changes if c.version > seen]
            for change in changes:
                seen = change.version
                if line := _told(kind, asked, change, tests):
                    yield line
            left = None if ends is None else max(0.0, ends - asyncio.get_running_loop().time())
            rang = await bells.wait(event, left)
    finally:
        bells.drop(event)
    if query.get("allowWatchBookmarks") == "true":
        mark = {
            "kind": kind.kind,
            "apiVersion": kind.api_version,
            "metadata": {"resourceVersion": str(seen), "creationTimestamp": None},
        }
        yield _line("BOOKMARK", mark)


def _fits(obj: dict[str, Any], tests: tuple[Test, ...]) -> bool:
    return all(test(obj) for test in tests)


def _told(kind: Kind, asked: Asked, change: Change, tests: tuple[Test, ...]) -> bytes | None:
    """The line for a change. What begins to fit a selector is added, what no longer fits is deleted."""
    if change.key.storage != kind.storage or asked.namespace not in ("", change.key.namespace):
        return None
    was = change.before is not None and _fits(change.before, tests)
    now = change.type != "DELETED" and _fits(change.object, tests)
    if not was and not now:
        return None
    word = "DELETED" if not now else "MODIFIED" if was else "ADDED"
    return _line(word, shown(kind, change.object))


def _line(word: str, obj: dict[str, Any]) -> bytes:
    return json.dumps({"type": word, "object": obj}).encode() + b"\n"
