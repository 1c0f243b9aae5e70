"""Values against botocore's shapes, both ways: what a request may hold, and what an answer may.

botocore's client checks types and required members only; patterns, lengths and enums are the server's to check, and
nobody checks a double's answers. `problems` does all of it for both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import regex
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

PYTHON = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime, int, float),
    "blob": (bytes, str),
    "character": str,
    "bigdecimal": (int, float),
}

NOT_IN_MODEL = {("PlatformValues", "windows")}
"""What AWS answers although its model spells it otherwise: EC2 says `windows`, as its API reference does."""


def problems(value: Any, shape: Shape, *, answer: bool = False) -> list[str]:
    """What is wrong with a value, in the words that AWS uses for a request; empty when it fits.

    In an `answer` an empty map or list is right even where the model wants one member: AWS answers `Outputs: {}`.
    """
    return list(_Check(answer).of(value, shape, ""))


@dataclass(frozen=True, slots=True)
class _Check:
    answer: bool

    def of(self, value: Any, shape: Shape, path: str) -> Iterator[str]:
        if isinstance(shape, StructureShape):
            yield from self._structure(value, shape, path)
        elif isinstance(shape, ListShape):
            yield from self._list(value, shape, path)
        elif isinstance(shape, MapShape):
            yield from self._map(value, shape, path)
        else:
            yield from self._scalar(value, shape, path)

    def _structure(self, value: Any, shape: StructureShape, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _says(value, path, f"Member must be a structure ({shape.name})")
            return
        for name in shape.required_members:
            if value.get(name) is None:
                yield _says(None, f"{path}.{name}", "Member must not be null")
        for name, one in value.items():
            if name not in shape.members:
                yield _says(one, f"{path}.{name}", f"{shape.name} has no such member")
            elif one is not None:
                yield from self.of(one, shape.members[name], f"{path}.{name}")

    def _list(self, value: Any, shape: ListShape, path: str) -> Iterator[str]:
        if not isinstance(value, list | tuple):
            yield _says(value, path, "Member must be a list")
            return
        yield from self._bounds(len(value), shape, path, value, "length")
        for i, one in enumerate(value):
            yield from self.of(one, shape.member, f"{path}.{i + 1}.member")

    def _map(self, value: Any, shape: MapShape, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _says(value, path, "Member must be a map")
            return
        yield from self._bounds(len(value), shape, path, value, "length")
        for key, one in value.items():
            yield from self.of(key, shape.key, f"{path}.key")
            yield from self.of(one, shape.value, f"{path}.{key}")

    def _scalar(self, value: Any, shape: Shape, path: str) -> Iterator[str]:
        wanted = PYTHON[shape.type_name]
        if not isinstance(value, wanted) or (isinstance(value, bool) and shape.type_name != "boolean"):
            yield _says(value, path, f"Member must be of type {shape.type_name}")
            return
        if isinstance(shape, StringShape):
            yield from self._bounds(len(value), shape, path, value, "length")
            if shape.enum and value not in shape.enum and (shape.name, value) not in NOT_IN_MODEL:
                yield _says(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
            pattern = shape.metadata.get("pattern")
            if pattern and not regex.fullmatch(pattern, value, flags=regex.DOTALL):
                yield _says(value, path, f"Member must satisfy regular expression pattern: {pattern}")
        elif isinstance(value, int | float) and shape.type_name != "timestamp":
            yield from self._bounds(value, shape, path, value, "value")

    def _bounds(self, size: float, shape: Shape, path: str, value: Any, what: str) -> Iterator[str]:
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if least is not None and size < least and not (self.answer and value in ({}, [])):
            yield _says(value, path, f"Member must have {what} greater than or equal to {least}")
        if most is not None and size > most:
            yield _says(value, path, f"Member must have {what} less than or equal to {most}")


def _says(value: Any, path: str, rule: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    where = path.lstrip(".")
    return f"Value {shown} at '{where[:1].lower() + where[1:]}' failed to satisfy constraint: {rule}"


def complaint(found: list[str]) -> str:
    """The message of AWS's validation error for these problems."""
    return f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {'; '.join(found)}"
