"""What a person runs where this server has no tool for a step: the SOP's own command, or one made from its call."""

import re

from .calls import PlannedCall
from .facts import Facts, filled_in
from .steps import Step

_COMMAND = re.compile(r"`(?P<command>(?:kubectl|aws|eksctl|helm) [^`\n]+)`")


def by_hand(step: Step, facts: Facts) -> str:
    """One line for a person; facts of the run stand in the places a command leaves blank."""
    commands = [m["command"] for m in _COMMAND.finditer(step.text)] or [_made(call) for call in step.calls]
    if not commands:
        return "for a person: not read from a bundle"
    more = f" (+{len(commands) - 1} more)" if len(commands) > 1 else ""
    verb = "" if commands[0].startswith("call ") else "run: "
    return f"{verb}{filled_in(commands[0], facts)}{more}"


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
