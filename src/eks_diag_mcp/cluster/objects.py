"""One Kubernetes object, found even where its namespace was left out, and written as YAML for reading."""

from dataclasses import dataclass
from typing import Any

import yaml

from ..cloud.kinds import Kind
from ..cloud.kube import Kube
from ..errors import BadInput, NotThere
from .digest import Digest, name_of
from .redaction import Mask, redacted
from .workloads import digest_of

MOST_CHARS = 16_000
_FIRST = ("apiVersion", "kind", "metadata", "status", "spec")
"""The order in which an object is written: what it is and how it fares before what was wished."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object. `yaml` is its text, which is untrusted; `cut` says what was left out."""

    name: str
    namespace: str
    digest: Digest
    yaml: str
    cut: str
    note: str


def read_object(kube: Kube, kind: Kind, name: str, namespace: str | None, mask: Mask) -> Found:
    """The object. NotThere where there is none; BadInput where several namespaces have one of that name."""
    note = ""
    if kind.namespaced and not namespace:
        namespace, note = _namespace_of(kube, kind, name)
    item = kube.get(kind, name, namespace if kind.namespaced else None)
    item.setdefault("kind", kind.kind)
    text, cut = written(redacted(item, mask))
    place, called = name_of(item)
    return Found(called or name, place, digest_of(kind.kind, item), text, cut, note)


def _namespace_of(kube: Kube, kind: Kind, name: str) -> tuple[str, str]:
    """The only namespace with an object of that name, and a note that says so."""
    page = kube.page(kind, fields=f"metadata.name={name}" if _plain(name) else None, limit=50)
    places = sorted({name_of(item)[0] for item in page.get("items") or () if name_of(item)[1] == name})
    if not places:
        raise NotThere(f"No namespace has a {kind.kind} {name[:80]!r}.", "list_k8s_resources names what there is.")
    if len(places) > 1:
        raise BadInput(f"{len(places)} namespaces have a {kind.kind} {name!r}.", f"Pass namespace: {', '.join(places[:20])}.")
    return places[0], f"namespace was left out; the only one with that name is {places[0]}"


def _plain(name: str) -> bool:
    return all(c.isalnum() or c in "-._:" for c in name)


def written(item: dict[str, Any]) -> tuple[str, str]:
    """(YAML, what was cut from it)."""
    ordered = {k: item[k] for k in (*_FIRST, *(k for k in item if k not in _FIRST)) if k in item}
    text = yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    if len(text) <= MOST_CHARS:
        return text, ""
    lines, used = text.splitlines(keepends=True), 0
    for place, line in enumerate(lines):
        used += len(line)
        if used > MOST_CHARS:
            return "".join(lines[:place]), f"the last {len(lines) - place} of {len(lines)} lines"
    return text, ""


class _Dumper(yaml.SafeDumper):
    """No anchors: a value that stands twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
