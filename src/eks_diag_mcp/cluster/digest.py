"""A status digest: what a reader wants to know of one Kubernetes object at a glance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .reading import Document, moment, part, parts, text, word

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Digest:
    """`status` is one word. `ok` None: the object has no state that could be wrong. `conditions` are those that are not
    as they should be. `more` holds what only this kind has. `text` is the object's own message: untrusted."""

    name: str
    namespace: str
    status: str
    ok: bool | None = None
    ready: str = ""
    restarts: int | None = None
    waiting: str = ""
    node: str = ""
    ip: str = ""
    created: datetime | None = None
    conditions: tuple[str, ...] = ()
    more: Mapping[str, Value] = field(default_factory=dict)
    text: str = ""


def name_of(item: Document) -> tuple[str, str]:
    """(namespace, name); Kubernetes itself checks that they are DNS names."""
    meta = part(item, "metadata")
    return text(meta, "namespace"), text(meta, "name")


def created_of(item: Document) -> datetime | None:
    """When the object was made."""
    return moment(part(item, "metadata").get("creationTimestamp"))


def labels_of(item: Document) -> dict[str, str]:
    """Its labels; Kubernetes checks that their values are words."""
    return {str(k): str(v) for k, v in part(item, "metadata", "labels").items()}


def owner_of(item: Document) -> tuple[str, str]:
    """(kind, name) of its controller."""
    owners = parts(item, "metadata", "ownerReferences")
    chosen = next((o for o in owners if o.get("controller")), owners[0] if owners else {})
    return word(text(chosen, "kind")), text(chosen, "name")


def good_when_true(kind: str) -> bool:
    """The polarity of a condition: "...Ready" and its kin should be True, pressures and problems should be False."""
    return kind.endswith(
        ("Ready", "Available", "Scheduled", "Initialized", "Complete", "Established", "NamesAccepted")
    ) or kind in (
        "Synced",
        "Launched",
        "Registered",
        "Succeeded",
        "Accepted",
        "ResourceReady",
        "Progressing",
        "AbleToScale",
        "ScalingActive",
        "PodReadyToStartContainers",
        "ContainersReady",
    )


def wrong_conditions(item: Document) -> list[Document]:
    """The conditions that are not as they should be; Unknown never is."""
    found = []
    for condition in parts(item, "status", "conditions"):
        kind, state = text(condition, "type"), text(condition, "status")
        if state not in ("True", "False") or (state == "True") is not good_when_true(kind):
            found.append(condition)
    return found


def told(condition: Document) -> str:
    """A condition in a few words: "MemoryPressure=True (KubeletHasInsufficientMemory)"."""
    reason = word(condition.get("reason"))
    return f"{word(condition.get('type'))}={word(condition.get('status'))}" + (f" ({reason})" if reason else "")


def generic(item: Document) -> Digest:
    """Any kind: its phase or state, and its conditions."""
    namespace, name = name_of(item)
    status = part(item, "status")
    wrong = wrong_conditions(item)
    known = parts(item, "status", "conditions")
    phase = word(status.get("phase") or status.get("state"))
    return Digest(
        name=name,
        namespace=namespace,
        status=phase or ("NotReady" if wrong else "Ready" if known else "Present"),
        ok=not wrong if known else None,
        created=created_of(item),
        conditions=tuple(told(c) for c in wrong),
        text=text(wrong[0], "message") if wrong else "",
    )
