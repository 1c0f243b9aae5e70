"""What the server says it can do: /version, /api, /apis and the resource lists. Enough for kubectl and for dynamic clients."""

from collections.abc import Sequence
from typing import Any

from . import status
from .kinds import Kind

BUILD = {"gitCommit": "0d7f2a4bd5f5f9be9ae8e57ac2b1b0a2c6b0c2ad", "gitTreeState": "clean", "buildDate": "2025-08-22T06:00:00Z"}
ASKED_ABOUT_ONESELF = (
    Kind("v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", "authorization.k8s.io"),
    Kind("v1", "selfsubjectreviews", "SelfSubjectReview", "authentication.k8s.io"),
)


def answer(path: str, kinds: Sequence[Kind], version: str) -> dict[str, Any] | str:
    """What stands at a path that is no resource: an object, or text."""
    parts = [p for p in path.split("/") if p]
    match parts:
        case ["version"]:
            return _version(version)
        case ["livez" | "readyz" | "healthz"]:
            return "ok"
        case ["api"]:
            addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443"}]
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}
        case ["apis"]:
            groups = [_group(g, kinds) for g in _groups(kinds)]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["apis", group] if group in _groups(kinds):
            return {"kind": "APIGroup", "apiVersion": "v1"} | _group(group, kinds)
        case ["api", version_] if version_ == "v1":
            return _resources("", "v1", kinds)
        case ["apis", group, version_] if version_ in _versions(group, kinds):
            return _resources(group, version_, kinds)
    raise status.page_not_found()


def _groups(kinds: Sequence[Kind]) -> list[str]:
    return list(dict.fromkeys(k.group for k in (*kinds, *ASKED_ABOUT_ONESELF) if k.group))


def _versions(group: str, kinds: Sequence[Kind]) -> list[str]:
    return list(dict.fromkeys(k.version for k in (*kinds, *ASKED_ABOUT_ONESELF) if k.group == group))


def _version(version: str) -> dict[str, Any]:
    major, minor = version.removeprefix("v").split(".")[:2]
    built = {"goVersion": "go1.24.6", "compiler": "gc", "platform": "linux/amd64"}
    return {"major": major, "minor": minor, "gitVersion": version} | BUILD | built


def _group(group: str, kinds: Sequence[Kind]) -> dict[str, Any]:
    versions = [{"groupVersion": f"{group}/{v}", "version": v} for v in _versions(group, kinds)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resources(group: str, version: str, kinds: Sequence[Kind]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for kind in kinds:
        if (kind.group, kind.version) != (group, version):
            continue
        row = {"name": kind.plural, "singularName": kind.kind.lower(), "namespaced": kind.namespaced, "kind": kind.kind}
        rows.append(row | {"verbs": kind.verbs} | ({"shortNames": list(kind.short)} if kind.short else {}))
        rows += [
            {"name": f"{kind.plural}/{sub}", "singularName": "", "namespaced": kind.namespaced, "kind": kind.kind, "verbs": ["get"]}
            for sub in kind.subresources
        ]
    for kind in ASKED_ABOUT_ONESELF:
        if (kind.group, kind.version) == (group, version):
            row = {"name": kind.plural, "singularName": kind.kind.lower(), "namespaced": False, "kind": kind.kind}
            rows.append(row | {"verbs": ["create"]})
    named = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": named, "resources": rows}
