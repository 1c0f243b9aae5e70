"""A request, understood as the real server understands it before it looks at anything: verb, resource, namespace, name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "HEAD": "get"}
PARTS_OF_NAMESPACE = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for. `plural` is empty for paths that are no resource (/version, discovery)."""

    verb: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    version: str = ""
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    """What follows the subresource: the path behind a proxy."""

    @property
    def resource(self) -> str:
        """`pods`, `pods/log`: as rules and error texts name it."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


def understand(method: str, path: str, query: Mapping[str, str]) -> Asked:
    """The request with this method, path and query."""
    parts = [p for p in path.split("/") if p]
    plain = Asked(VERBS.get(method, "get"), path, query)
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return plain
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in PARTS_OF_NAMESPACE:
            rest = rest[2:]
    plural, name, subresource = (*rest[:3], "", "")[:3]
    verb = plain.verb
    if method == "GET":
        watching = query.get("watch", "").lower() in ("1", "true")
        verb = "get" if name else "watch" if watching else "list"
    elif method == "DELETE" and not name:
        verb = "deletecollection"
    return Asked(verb, path, query, group, version, namespace, plural, name, subresource, "/".join(rest[3:]))
