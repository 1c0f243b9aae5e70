"""Rows of data files: YAML in, checked pydantic rows out, every fault named as file:line."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import CatalogueError

CLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A safe loader, in C where it is built."""


class Row(BaseModel):
    """A row of shipped data. Unknown keys are faults; rows never change after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


R = TypeVar("R", bound=Row)
T = TypeVar("T")


def read_yaml(text: str, name: str) -> object:
    """The document in `text`. Aliases are refused (a few lines of them can ask for gigabytes)."""
    try:
        if any(isinstance(event, yaml.events.AliasEvent) for event in yaml.parse(text, Loader=CLoader)):
            raise CatalogueError(f"{name}: YAML aliases are not allowed.", "Write the value out.")
        return yaml.load(text, Loader=CLoader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise CatalogueError(f"{where}: {getattr(error, 'problem', error)}", "Correct the YAML.") from error


class RowFile(Generic[R]):
    """The rows under `key` of one YAML file. Faults of single rows are collected, not raised."""

    def __init__(self, path: Path, key: str, kind: type[R], faults: list[str]) -> None:
        self.path, self.key = path, key
        self.text = path.read_text(encoding="utf-8")
        document = read_yaml(self.text, path.name)
        self.document: dict[str, object] = document if isinstance(document, dict) else {}
        items = self.document.get(key)
        self.rows: list[tuple[int, R]] = []
        if not isinstance(items, list):
            faults.append(f"{path.name}:1: the file must hold a list named {key!r}")
            return
        for index, item in enumerate(items):
            try:
                self.rows.append((index, kind.model_validate(item)))
            except ValidationError as error:
                faults.extend(f"{self.place(index)}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())

    def place(self, index: int) -> str:
        """file:line of a row. Composes the file once more, so it is for faults only."""
        node = yaml.compose(self.text, Loader=CLoader)
        for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if name.value == self.key and isinstance(value, yaml.SequenceNode) and index < len(value.value):
                return f"{self.path.name}:{value.value[index].start_mark.line + 1}"
        return f"{self.path.name}#{index + 1}"


def raise_faults(faults: Iterable[str], what: str) -> None:
    """Report all bad rows at once; does nothing where there are none."""
    found = list(faults)
    if found:
        raise CatalogueError(f"{what}: {len(found)} bad rows\n" + "\n".join(found), "Correct the rows named.")


def repeated(items: Iterable[T], key: Callable[[T], str]) -> list[str]:
    """The keys that occur more than once, in order."""
    seen: set[str] = set()
    twice: list[str] = []
    for item in items:
        name = key(item)
        if name in seen:
            twice.append(name)
        seen.add(name)
    return twice
