"""Objects as they leave the server: what a list leaves out, and events in the shape of events.k8s.io."""

from typing import Any

from .kinds import Kind
from .store import Object


def shown(kind: Kind, obj: Object) -> Object:
    """One object, in the version that was asked for."""
    if kind.stored_as:
        obj = _event_v1(obj)
    return {"kind": kind.kind, "apiVersion": kind.api_version} | {k: v for k, v in obj.items() if k not in ("kind", "apiVersion")}


def listed(kind: Kind, answer: dict[str, Any]) -> dict[str, Any]:
    """A list as it is sent. Items of built-in kinds carry no kind and apiVersion; custom resources do."""
    items = [shown(kind, obj) for obj in answer["items"]]
    if not kind.custom:
        items = [{k: v for k, v in obj.items() if k not in ("kind", "apiVersion")} for obj in items]
    return answer | {"items": items}


def _event_v1(event: Object) -> Object:
    """A core event in the words of events.k8s.io/v1."""
    renamed = {
        "involvedObject": "regarding",
        "message": "note",
        "source": "deprecatedSource",
        "count": "deprecatedCount",
        "firstTimestamp": "deprecatedFirstTimestamp",
        "lastTimestamp": "deprecatedLastTimestamp",
        "reportingComponent": "reportingController",
    }
    return {renamed.get(name, name): value for name, value in event.items()}
