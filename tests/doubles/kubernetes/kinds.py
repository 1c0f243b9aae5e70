"""What kinds there are: the built-in ones of kinds.yaml, and a kind for every CustomResourceDefinition that is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind in one version. `fields` maps what a fieldSelector may name to the path in the stored object."""

    version: str
    plural: str
    kind: str
    group: str = ""
    namespaced: bool = False
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    stored_as: str = ""
    """The resource whose objects these are in another shape: events.k8s.io shows those of the core group."""
    schema: Mapping[str, Any] | None = None
    """The openAPIV3Schema, for custom resources."""

    @property
    def custom(self) -> bool:
        return self.schema is not None

    @property
    def resource(self) -> str:
        """`pods`, `deployments.apps`: as it stands in error texts."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage(self) -> str:
        """The name under which the store keeps the objects."""
        return self.stored_as or self.resource

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def verbs(self) -> list[str]:
        """What discovery says may be asked; patch and update only where the double does them."""
        return sorted(["create", "delete", "get", "list", "watch", *(["patch"] if self.custom else [])])


@cache
def builtin() -> tuple[Kind, ...]:
    """The kinds of kinds.yaml."""
    rows = yaml.safe_load((HERE / "kinds.yaml").read_text())
    return tuple(_row(row) for row in rows)


def _row(row: dict[str, Any]) -> Kind:
    row["fields"] = {label: path or label for label, path in row.get("fields", {}).items()}
    for name in ("short", "subresources"):
        row[name] = tuple(row.get(name, ()))
    return Kind(**row)


def of_crds(definitions: Iterable[Mapping[str, Any]]) -> list[Kind]:
    """The kinds that CustomResourceDefinition objects define."""
    out = []
    for definition in definitions:
        spec = definition["spec"]
        out += [
            Kind(
                version=version["name"],
                plural=spec["names"]["plural"],
                kind=spec["names"]["kind"],
                group=spec["group"],
                namespaced=spec["scope"] == "Namespaced",
                short=tuple(spec["names"].get("shortNames", ())),
                subresources=tuple(version.get("subresources", {})),
                schema=version["schema"]["openAPIV3Schema"],
            )
            for version in spec["versions"]
        ]
    return out
