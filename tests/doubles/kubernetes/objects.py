"""The objects of a cluster, by kind and name."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import yaml

from . import kinds, status
from .kinds import HERE, Kind
from .store import Key, Object, Store

CRDS = "customresourcedefinitions.apiextensions.k8s.io"


def wall_clock() -> datetime:
    return datetime.now(UTC)


@cache
def first_objects() -> tuple[Object, ...]:
    """Custom resource definitions, then what else every cluster has. The store copies them."""
    return tuple(obj for file in ("crds.yaml", "base.yaml") for obj in yaml.safe_load((HERE / file).read_text()))


class Objects:
    """What is stored, and which kinds there are."""

    def __init__(self, cluster: str, region: str, version: str) -> None:
        self.cluster, self.region, self.version = cluster, region, version
        self.clock: Callable[[], datetime] = wall_clock
        """What time it is; a test may set it."""
        self.store = Store(self.now)

    def now(self) -> datetime:
        return self.clock()

    def begin(self) -> None:
        """The objects that are there before anything is described."""
        self.clock = wall_clock
        self.store.clear()
        for obj in first_objects():
            self.add(obj)

    def kinds(self) -> list[Kind]:
        """All kinds that are served now, built-in ones first."""
        return [*kinds.builtin(), *kinds.of_crds(self.store.all(CRDS))]

    def key(self, kind: str, name: str, namespace: str = "") -> Key:
        """Where the object of that kind (`Pod`, `NodeDiagnostic`) stands."""
        found = next(k for k in self.kinds() if k.kind == kind)
        return Key(found.storage, (namespace or "default") if found.namespaced else "", name)

    def add(self, obj: Object) -> Object:
        """Put any object there, or replace it. It needs apiVersion, kind and metadata.name."""
        meta = obj["metadata"]
        key = self.key(obj["kind"], meta["name"], meta.get("namespace", ""))
        named = {"namespace": key.namespace} if key.namespace else {}
        return self.store.put(key, obj | {"metadata": meta | named})

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """The object as it is now."""
        return self.store.get(self.key(kind, name, namespace))

    def remove(self, kind: str, name: str, namespace: str = "") -> None:
        """Delete it, if it is there."""
        self.store.remove(self.key(kind, name, namespace))

    def compact(self) -> None:
        """Let the server forget the past: older continue tokens and watches are 410 from now on."""
        self.store.compact()

    def without_crd(self, plural: str) -> None:
        """The cluster lacks that custom resource; its API group is gone if it had no other."""
        name = next(d["metadata"]["name"] for d in self.store.all(CRDS) if d["spec"]["names"]["plural"] == plural)
        self.store.remove(Key(CRDS, "", name))

    def one(self, kind: Kind, namespace: str, name: str) -> Object:
        """That object; raises the server's 404."""
        obj = self.store.get(Key(kind.storage, namespace if kind.namespaced else "", name))
        if obj is None:
            raise status.not_found(kind.group, kind.plural, name)
        return obj
