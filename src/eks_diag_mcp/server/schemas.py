"""What of a schema is published. A list of tools is paid for in every conversation, so it holds what a model needs."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]
_KEPT = ("description", "enum", "const")


def shallow(model: type[BaseModel]) -> Schema:
    """The output schema of an answer: its own fields; what lies deeper is an object or an array of objects.

    A field that may be null is not required, since answers leave nulls out."""
    full = model.model_json_schema(by_alias=True)
    defs = full.get("$defs", {})
    fields: Mapping[str, Schema] = full.get("properties", {})
    nullable = {name for name, field in fields.items() if _is_nullable(field)}
    schema: Schema = {"type": "object", "properties": {name: _flat(field, defs) for name, field in fields.items()}}
    if required := [name for name in full.get("required", ()) if name not in nullable]:
        schema["required"] = required
    if full.get("additionalProperties") is False:
        schema["additionalProperties"] = False
    return schema


def slim(model: type[BaseModel]) -> Schema:
    """The input schema of a tool: without generated titles, and an optional argument without its null."""
    full: Schema = model.model_json_schema(by_alias=True)
    slimmed = {key: value for key, value in full.items() if key not in ("title", "properties", "description")}
    properties = {name: _slimmed(field) for name, field in full.get("properties", {}).items()}
    return {"type": "object", "properties": properties} | slimmed


def _flat(field: Schema, defs: Mapping[str, Schema]) -> Schema:
    """One field with its type only."""
    kept = {key: value for key, value in field.items() if key in _KEPT and value is not None}
    branches = [branch for branch in field.get("anyOf", ()) if branch.get("type") != "null"]
    if branches:
        flats = [_flat(branch, defs) for branch in branches]
        return kept | (flats[0] if all(flat == flats[0] for flat in flats) else {})
    if (ref := field.get("$ref")) is not None:
        target = defs[str(ref).rsplit("/", 1)[-1]]
        return kept | ({"type": "object"} if "properties" in target else _flat(target, defs))
    if field.get("type") == "array":
        items = _flat(field.get("items") or {}, defs)
        return kept | {"type": "array"} | ({"items": items} if items else {})
    return kept | ({"type": field["type"]} if "type" in field else {})


def _slimmed(field: Schema) -> Schema:
    field = {key: value for key, value in field.items() if key != "title"}
    branches = [branch for branch in field.get("anyOf", ()) if branch.get("type") != "null"]
    if not branches:
        return field
    rest = {key: value for key, value in field.items() if key != "anyOf"}
    if rest.get("default", ...) is None:
        del rest["default"]
    return rest | (branches[0] if len(branches) == 1 else {"anyOf": branches})


def _is_nullable(field: Schema) -> bool:
    return field.get("type") == "null" or any(branch.get("type") == "null" for branch in field.get("anyOf", ()))
