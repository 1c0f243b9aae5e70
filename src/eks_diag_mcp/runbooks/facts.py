"""What a run knows by name, and how it stands in the places that a runbook leaves blank."""

import re

Facts = dict[str, str | tuple[str, ...]]
"""What steps hand on, by parameter name: instanceId, executionId, namespace, podName, clusterName, node, finding_ids ..."""

_BLANK = re.compile(r"<(?P<name>[A-Za-z][\w -]*)>")
_FACT = {
    "namespace": "namespace",
    "ns": "namespace",
    "pod": "podName",
    "podname": "podName",
    "stuckpod": "podName",
    "cluster": "clusterName",
    "clustername": "clusterName",
    "node": "node",
    "nodename": "node",
    "affectednode": "node",
    "instanceid": "instanceId",
    "executionid": "executionId",
}
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
"""Names fit for a command line or a selector: those of Kubernetes objects and clusters."""


def fact(name: str, facts: Facts) -> str | None:
    """The fact behind the words of a blank (`<pod-name>`); None where it is not known, or no such name."""
    value = facts.get(_FACT.get(re.sub(r"[ _-]", "", name).casefold(), ""))
    return value if isinstance(value, str) and _SAFE.fullmatch(value) else None


def filled_in(text: str, facts: Facts) -> str:
    """`text` with every blank that is known filled in; the others stay."""
    return _BLANK.sub(lambda m: fact(m["name"], facts) or m.group(), text)


def open_blanks(text: str) -> bool:
    """Is something still to be filled in?"""
    return bool(_BLANK.search(text))
