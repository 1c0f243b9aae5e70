"""What of a schema is published. A list of tools is paid for in every conversation, so it holds what a model needs."""

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Schema = dict[str, Any]
_JSON_TYPES = ((str, "string"), (bool, "boolean"), (int, "integer"), (float, "number"))


def shallow(model: type[BaseModel]) -> Schema:
    """The output schema of an answer: its own fields; what lies deeper is an object or an array of objects.

    A field that may be null is not required, since answers leave nulls out. It is read off the annotations: pydantic's own
    schema would have every model of every answer built before the first tool is listed."""
    properties: Schema = {}
    required = []
    for name, field in model.model_fields.items():
        told = field.alias or name
        properties[told] = ({"description": field.description} if field.description else {}) | _shape(field.annotation)
        if field.is_required() and not _may_be_null(field.annotation):
            required.append(told)
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if model.model_config.get("extra") == "forbid":
        schema["additionalProperties"] = False
    return schema


def slim(full: Schema) -> Schema:
    """The input schema of a tool from the SDK's: no argument but those named, without generated titles, and an optional
    argument without its null."""
    slimmed = {key: value for key, value in full.items() if key not in ("title", "properties", "description")}
    properties = {name: _slimmed(field) for name, field in full.get("properties", {}).items()}
    return {"type": "object", "properties": properties, "additionalProperties": False} | slimmed


def _shape(annotation: Any) -> Schema:
    """The JSON type of a value, without what lies inside an object."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(inner[0])
    if origin in (Union, UnionType):
        shapes = [_shape(branch) for branch in inner if branch is not type(None)]
        return shapes[0] if all(shape == shapes[0] for shape in shapes) else {}
    if origin is Literal:
        words: Schema = {"const": inner[0]} if len(inner) == 1 else {"enum": list(inner)}
        return words | {"type": "string"}
    if origin in (list, tuple):
        items = _shape(inner[0])
        return {"type": "array"} | ({"items": items} if items else {})
    kind = origin or annotation
    if kind is Any:
        return {}
    return {"type": next((name for known, name in _JSON_TYPES if issubclass(kind, known)), "object")}


def _may_be_null(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation)


def _slimmed(field: Schema) -> Schema:
    field = {key: value for key, value in field.items() if key != "title"}
    branches = [branch for branch in field.get("anyOf", ()) if branch.get("type") != "null"]
    if not branches:
        return field
    rest = {key: value for key, value in field.items() if key != "anyOf"}
    if rest.get("default", ...) is None:
        del rest["default"]
    return rest | (branches[0] if len(branches) == 1 else {"anyOf": branches})
