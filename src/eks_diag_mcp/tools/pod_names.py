"""The pods that lines of kubelet and CNI name; only what can be such a name is taken from a log."""

import re
from collections.abc import Iterable

_NAMESPACE, _NAME = r"[a-z0-9][a-z0-9-]{0,62}", r"[a-z0-9][a-z0-9.-]{0,252}"
_POD = re.compile(
    rf'\bpod=\\*"(?P<namespace>{_NAMESPACE})/(?P<pod>{_NAME})\\*"'
    r"|K8S_POD_NAMESPACE=(?P<namespace2>[a-z0-9-]{1,63})[;,\s]+K8S_POD_NAME=(?P<pod2>[a-z0-9][a-z0-9.-]{0,252})"
    rf'|\bfor (?:pod )?\\*"(?P<pod3>{_NAME})_(?P<namespace3>{_NAMESPACE})\([0-9a-f-]+\)'
)
_BARE = re.compile(rf'\bfor pod \\*"(?P<pod>{_NAME})\\*"|K8S_POD_NAME=(?P<pod2>{_NAME})')
"""A name without its namespace, as containerd writes it."""


def pods_in(text: str) -> list[tuple[str, str]]:
    """(namespace, name) of the pods that a line names in full."""
    return [(m["namespace"] or m["namespace2"] or m["namespace3"], m["pod"] or m["pod2"] or m["pod3"]) for m in _POD.finditer(text)]


def pods_named(texts: Iterable[str]) -> list[str]:
    """The pods of these lines, each once: namespace/name, or the name alone where no line tells its namespace."""
    names: dict[str, None] = {}
    for text in texts:
        names |= dict.fromkeys(f"{namespace}/{pod}" for namespace, pod in pods_in(text))
        names |= dict.fromkeys(m["pod"] or m["pod2"] for m in _BARE.finditer(text))
    known = {name.partition("/")[2] for name in names if "/" in name}
    return [name for name in names if name not in known]
