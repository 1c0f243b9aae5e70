"""What a CustomResourceDefinition's schema does to an object: unknown fields go, defaults come, faults are named."""

import re
from collections.abc import Mapping
from typing import Any

from .status import Cause

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}
ALWAYS = ("apiVersion", "kind", "metadata")


def admitted(schema: Mapping[str, Any], obj: dict[str, Any]) -> tuple[dict[str, Any], list[Cause]]:
    """The object as it would be stored, and what is wrong with it."""
    causes: list[Cause] = []
    own = {k: v for k, v in obj.items() if k not in ALWAYS}
    stored = _value(schema, own, "", causes)
    return {k: obj[k] for k in ALWAYS if k in obj} | stored, causes


def _value(schema: Mapping[str, Any], value: Any, path: str, causes: list[Cause]) -> Any:
    wanted = schema.get("type", "object")
    if not isinstance(value, TYPES[wanted]) or (wanted == "integer" and isinstance(value, bool)):
        got = {dict: "object", list: "array", str: "string", bool: "boolean"}.get(type(value), "integer")
        text = f'Invalid value: "{got}": {path} in body must be of type {wanted}: "{got}"'
        causes.append(Cause("FieldValueTypeInvalid", text, path))
        return value
    if isinstance(value, dict):
        return _object(schema, value, path, causes)
    if isinstance(value, list):
        # The recorded server names the list itself, not the place in it.
        return [_value(schema.get("items", {}), item, path, causes) for item in value]
    causes += _faults(schema, value, path)
    return value


def _object(schema: Mapping[str, Any], value: dict[str, Any], path: str, causes: list[Cause]) -> dict[str, Any]:
    known: Mapping[str, Any] = schema.get("properties", {})
    others = schema.get("additionalProperties")
    keeps = schema.get("x-kubernetes-preserve-unknown-fields", False)
    out: dict[str, Any] = {}
    for name, item in value.items():
        below = f"{path}.{name}" if path else name
        if item is None and not keeps:
            continue
        if name in known:
            out[name] = _value(known[name], item, below, causes)
        elif keeps or others:
            out[name] = _value(others, item, below, causes) if others else item
    for name, rule in known.items():
        if "default" in rule and name not in out:
            out[name] = rule["default"]
    for name in schema.get("required", ()):
        if name not in out:
            causes.append(Cause("FieldValueRequired", "Required value", f"{path}.{name}" if path else name))
    return out


def _faults(schema: Mapping[str, Any], value: Any, path: str) -> list[Cause]:
    out = []
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(f'"{word}"' for word in schema["enum"])
        out.append(Cause("FieldValueNotSupported", f"Unsupported value: {shown}: supported values: {allowed}", path))
    rules = []
    if "pattern" in schema and not re.search(schema["pattern"], value):
        rules.append(f"match '{schema['pattern']}'")
    if value < schema["minimum"] if "minimum" in schema else False:
        rules.append(f"be greater than or equal to {schema['minimum']}")
    if value > schema["maximum"] if "maximum" in schema else False:
        rules.append(f"be less than or equal to {schema['maximum']}")
    return out + [Cause("FieldValueInvalid", f"Invalid value: {shown}: {path} in body should {rule}", path) for rule in rules]
