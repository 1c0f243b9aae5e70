"""The tools there are: a row each. Adding one is a function and its row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .collecting import collect, status, validate
from .comparing import compare_nodes
from .correlating import correlate
from .finding import errors
from .network import network_diagnostics, storage_diagnostics
from .runbooks import get_sop, list_sops
from .running import run_sop
from .searching import read, search
from .verdicts import quick_triage, summarize

Effect = Literal["reads", "reads_own", "collects"]


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool: its function, set, title and what it does to the world."""

    run: Callable[..., Any]
    toolset: str
    title: str
    effect: Effect = "reads"

    @property
    def name(self) -> str:
        """As clients call it."""
        return self.run.__name__


TOOLS: tuple[ToolRow, ...] = (
    ToolRow(collect, "core", "Collect EKS node logs", "collects"),
    ToolRow(status, "core", "Status of a collection"),
    ToolRow(validate, "core", "Completeness of an EKS node log bundle"),
    ToolRow(errors, "core", "Known faults in EKS node logs"),
    ToolRow(search, "core", "Search EKS node logs"),
    ToolRow(read, "core", "Read a file of EKS node logs"),
    ToolRow(network_diagnostics, "core", "EKS node network diagnostics"),
    ToolRow(storage_diagnostics, "core", "EKS node storage diagnostics"),
    ToolRow(correlate, "core", "Timeline of EKS node logs"),
    ToolRow(compare_nodes, "core", "Compare EKS nodes"),
    ToolRow(summarize, "core", "Root cause of an EKS node's trouble"),
    ToolRow(quick_triage, "core", "First look at an EKS node"),
    ToolRow(list_sops, "sops", "List runbooks", "reads_own"),
    ToolRow(get_sop, "sops", "Get a runbook", "reads_own"),
    ToolRow(run_sop, "sops", "Run a runbook on an EKS node"),
)

_ASK = "Ask the Kubernetes or EKS API by another server or by hand; in a runbook the step is a manual one."
NOT_BUILT: dict[str, str] = {
    name: f"{name} is not part of this version. {instead}"
    for names, instead in (
        (
            (
                "list_k8s_resources",
                "read_k8s_resource",
                "get_k8s_events",
                "get_pod_logs",
                "describe_eks_resource",
                "get_cloudwatch_logs",
            ),
            _ASK,
        ),
        (("cluster_health",), f"compare_nodes compares the nodes whose bundles are at hand. {_ASK}"),
        (("batch_collect", "batch_status", "history", "artifact"), "Collect node by node with collect and status."),
        (("tcpdump_capture", "tcpdump_analyze"), "No flag of this version switches packet capture on."),
    )
    for name in names
}
"""Tools that runbooks name and that this version does not have: what to do instead, told when one is called anyway."""
