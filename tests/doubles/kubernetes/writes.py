"""Create, delete and merge patch, with the checks of the real server in their order."""

import copy
import json
from typing import Any

from . import status
from .asked import Asked
from .kinds import Kind
from .schema import admitted
from .store import Key, Object, Store

MERGE = "application/merge-patch+json"


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; raises the server's 400."""
    try:
        found = json.loads(body)
    except ValueError as fault:
        raise status.bad_request(f"couldn't get version/kind; json parse error: {fault}") from None
    if not isinstance(found, dict):
        raise status.bad_request("couldn't get version/kind; json parse error: not an object")
    return found


def create(store: Store, kind: Kind, asked: Asked, body: bytes) -> Object:
    """Admit and store an object; raises 400, 409, 422."""
    obj = parsed(body)
    meta = obj.setdefault("metadata", {})
    if obj.get("kind") != kind.kind or obj.get("apiVersion") != kind.api_version:
        expected = f"{kind.api_version}, Kind={kind.kind}"
        given = f"{obj.get('apiVersion', '')}, Kind={obj.get('kind', '')}"
        raise status.bad_request(f"the object provided is unrecognized (must be of type {expected}): {given}")
    if kind.namespaced:
        if meta.setdefault("namespace", asked.namespace) != asked.namespace:
            raise status.bad_request("the namespace of the provided object does not match the namespace sent on the request")
    elif meta.get("namespace"):
        raise status.bad_request("namespace may not be set on a cluster-scoped object")
    name = meta.get("name", "")
    if kind.schema is not None:
        if "status" in kind.subresources:
            obj.pop("status", None)
        obj, causes = admitted(kind.schema, obj)
    else:
        causes = []
    if not name:
        causes.insert(0, status.Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name"))
    if causes:
        raise status.invalid(kind.group, kind.kind, name, causes)
    key = Key(kind.storage, meta.get("namespace", ""), name)
    with store.lock:
        if store.get(key) is not None:
            raise status.already_exists(kind.group, kind.plural, name)
        return obj if asked.query.get("dryRun") == "All" else store.put(key, obj)


def delete(store: Store, kind: Kind, asked: Asked, body: bytes) -> dict[str, Any]:
    """Remove an object, if the preconditions of the body hold; raises 404, 409."""
    options = parsed(body) if body.strip() else {}
    key = Key(kind.storage, asked.namespace if kind.namespaced else "", asked.name)
    with store.lock:
        obj = store.get(key)
        if obj is None:
            raise status.not_found(kind.group, kind.plural, asked.name)
        uid = obj["metadata"]["uid"]
        wanted = (options.get("preconditions") or {}).get("uid", uid)
        if wanted != uid:
            why = f"the UID in the precondition ({wanted}) does not match the UID in record ({uid}). "
            why += "The object might have been deleted and then recreated"
            raise status.conflict(kind.group, kind.plural, asked.name, why)
        if options.get("dryRun") != ["All"] and asked.query.get("dryRun") != "All":
            store.remove(key)
    return status.success(kind.group, kind.plural, asked.name, uid)


def patch(store: Store, kind: Kind, asked: Asked, body: bytes, media: str) -> Object:
    """Merge patch of a custom resource, or of its status alone; raises 404, 405, 415, 422."""
    if kind.schema is None:
        raise status.method_not_allowed()
    if media.partition(";")[0].strip() != MERGE:
        text = "the body of the request was in an unknown format - accepted media types include: " + MERGE
        raise status.Refused(415, status.failure(415, text))
    key = Key(kind.storage, asked.namespace if kind.namespaced else "", asked.name)
    change = parsed(body)
    with store.lock:
        before = store.get(key)
        if before is None:
            raise status.not_found(kind.group, kind.plural, asked.name)
        merged = _merged(copy.deepcopy(before), change)
        if asked.subresource == "status":
            merged = copy.deepcopy(before) | {"status": merged.get("status")}
        elif "status" in kind.subresources and "status" in before:
            merged["status"] = copy.deepcopy(before["status"])
        stored, causes = admitted(kind.schema, merged)
        if causes:
            raise status.invalid(kind.group, kind.kind, asked.name, causes)
        return store.put(key, stored)


def _merged(target: Any, change: Any) -> Any:
    """RFC 7386: null takes away, objects merge, all else replaces."""
    if not isinstance(change, dict):
        return change
    out = target if isinstance(target, dict) else {}
    for name, value in change.items():
        if value is None:
            out.pop(name, None)
        else:
            out[name] = _merged(out.get(name), value)
    return out
