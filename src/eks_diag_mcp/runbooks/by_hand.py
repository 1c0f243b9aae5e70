"""What a person runs where this server has no tool for a step: the SOP's own command, or one made from its call."""

import re

from .steps import PlannedCall, Step

_COMMAND = re.compile(r"`(?P<command>(?:kubectl|aws|eksctl|helm) [^`\n]+)`")
_BLANK = re.compile(r"<(?P<name>[a-z][a-z -]*)>")
_FACT = {
    "namespace": "namespace",
    "pod": "podName",
    "pod-name": "podName",
    "cluster": "clusterName",
    "cluster-name": "clusterName",
    "node": "node",
    "node-name": "node",
}
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
"""Names fit for a command line: those of Kubernetes objects and clusters."""


def by_hand(step: Step, facts: "dict[str, str | tuple[str, ...]]") -> str:
    """One line for a person; facts of the run stand in the places a command leaves blank."""
    commands = [m["command"] for m in _COMMAND.finditer(step.text)] or [_made(call) for call in step.calls]
    if not commands:
        return "for a person: not read from a bundle"
    more = f" (+{len(commands) - 1} more)" if len(commands) > 1 else ""
    verb = "" if commands[0].startswith("call ") else "run: "
    return f"{verb}{_BLANK.sub(lambda m: _fact(m, facts), commands[0])}{more}"


def _fact(match: re.Match[str], facts: "dict[str, str | tuple[str, ...]]") -> str:
    value = facts.get(_FACT.get(match["name"], ""))
    return value if isinstance(value, str) and _SAFE.fullmatch(value) else match.group()


def _made(call: PlannedCall) -> str:
    """A command that gives what the call would."""
    given = dict(call.arguments)
    match call.tool:
        case "list_k8s_resources":
            where = f" -n {given['namespace']}" if "namespace" in given else ""
            label = f" -l {given['labelSelector']}" if "labelSelector" in given else ""
            return f"kubectl get {given.get('kind', 'pod').lower()}{where}{label} -o wide"
        case "read_k8s_resource":
            return f"kubectl get {given.get('kind', 'pod').lower()} {given.get('name', '<name>')} -o yaml"
        case "get_k8s_events":
            return "kubectl get events --sort-by=.lastTimestamp"
        case "get_pod_logs":
            return f"kubectl logs -n {given.get('namespace', '<namespace>')} {given.get('podName', '<pod>')}"
        case "describe_eks_resource":
            return _described(given)
        case "get_cloudwatch_logs":
            return f"aws logs filter-log-events --filter-pattern '{given.get('filter_pattern', '')}'"
        case "cluster_health":
            return "kubectl get nodes -o wide"
        case _:
            return f"call {call} on a server that has it"


def _described(given: dict[str, str]) -> str:
    """An EKS description by the AWS command line."""
    kind = given.get("resourceType", given.get("resource_type", "cluster"))
    name = given.get("resourceName", given.get("resource_name", ""))
    flag = {"addon": "--addon-name", "nodegroup": "--nodegroup-name"}.get(kind, "")
    return f"aws eks describe-{kind}" + (f" {flag} {name}" if flag and name else "")
