"""Kinds of Kubernetes objects: which path of the API holds them."""

import functools
from pathlib import Path

from ..rows import Row, RowFile, raise_faults


class Kind(Row):
    """A kind. `api` is "v1" or "group/version"; `also` are other words that people use for it."""

    kind: str
    api: str
    plural: str
    namespaced: bool
    also: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """The path of its API group and version."""
        return f"/api/{self.api}" if "/" not in self.api else f"/apis/{self.api}"

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The path of all objects, of those in a namespace, or of one."""
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{self.root}{place}/{self.plural}" + (f"/{name}" if name else "")


@functools.cache
def kinds() -> dict[str, Kind]:
    """The kinds at hand by every word for them, in lower case."""
    faults: list[str] = []
    rows = [row for _, row in RowFile(Path(__file__).with_name("kinds.yaml"), "kinds", Kind, faults).rows]
    raise_faults(faults, "kinds.yaml")
    return {word.lower(): row for row in rows for word in (row.kind, row.plural, *row.also)}
