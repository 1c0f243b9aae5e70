"""Events of a cluster: warnings first, the newest first. What they say is written by whoever may write events: untrusted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..cloud.kinds import Kind
from ..cloud.kube import Kube
from ..errors import DiagError
from .reading import Document, moment, number, part, text, word

MOST = 1_500
"""Events of one type that are read; a busy cluster has ten thousands, kept for an hour."""
_CALL = 500


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `count`: how often it came, `first` and `last` when."""

    type: str
    reason: str
    kind: str
    namespace: str
    name: str
    count: int
    first: datetime | None
    last: datetime | None
    component: str
    node: str
    text: str


@dataclass(frozen=True, slots=True)
class Events:
    """Events in order. `whole` False: there are more than were read."""

    events: tuple[Event, ...]
    whole: bool


def read_events(
    kube: Kube,
    events: Kind,
    *,
    kind: str | None = None,
    name: str | None = None,
    namespace: str | None = None,
    reason: str | None = None,
    types: tuple[str, ...] = ("type=Warning", "type!=Warning"),
    checkpoint: Callable[[], None] = lambda: None,
) -> Events:
    """Events about the objects meant. Warnings are asked for first, so that they are never crowded out."""
    wanted = {"involvedObject.kind": kind, "involvedObject.name": name, "reason": reason}
    fixed = [f"{field}={value}" for field, value in wanted.items() if value]
    found: list[Event] = []
    whole = True
    for type_ in types:
        token, seen = None, 0
        while True:
            checkpoint()
            page = kube.page(events, namespace=namespace, fields=",".join([*fixed, type_]), limit=_CALL, token=token)
            items = page.get("items") or []
            found += [read_event(item) for item in items]
            seen += len(items)
            token = (page.get("metadata") or {}).get("continue")
            if not token or seen >= MOST:
                whole = whole and not token
                break
    return Events(tuple(sorted(found, key=_rank)), whole)


def kind_word(kube: Kube, kind: str) -> tuple[str, bool | None]:
    """(kind as events name it, does it live in a namespace) for whatever word was given; None: not known."""
    try:
        known = kube.kind(kind)
    except DiagError:
        return kind.strip()[:1].upper() + kind.strip()[1:], None
    return known.kind, known.namespaced


def read_event(item: Document) -> Event:
    """An event of core/v1, written by the old or the new API (the new one fills series and eventTime)."""
    about, source, series = part(item, "involvedObject"), part(item, "source"), part(item, "series")
    first = moment(item.get("firstTimestamp")) or moment(item.get("eventTime"))
    last = moment(series.get("lastObservedTime")) or moment(item.get("lastTimestamp")) or first
    return Event(
        type=word(item.get("type")) or "Normal",
        reason=word(item.get("reason")),
        kind=word(about.get("kind")),
        namespace=text(about, "namespace"),
        name=_name(text(about, "name")),
        count=number(series, "count") or number(item, "count") or 1,
        first=first or moment(part(item, "metadata").get("creationTimestamp")),
        last=last or moment(part(item, "metadata").get("creationTimestamp")),
        component=word(source.get("component") or item.get("reportingComponent")),
        node=word(source.get("host")),
        text=text(item, "message"),
    )


def _name(name: str) -> str:
    """The involved object's name is not checked by the API: only what can be one is passed on."""
    return word(name)


def _rank(event: Event) -> tuple[bool, float]:
    return event.type != "Warning", -(event.last.timestamp() if event.last else 0)
