"""The tools there are: a row each. Adding one is a function and its row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .batches import batch_collect, batch_status
from .cloudwatch import get_cloudwatch_logs
from .cluster import cluster_health
from .collecting import collect, status, validate
from .comparing import compare_nodes
from .correlating import correlate
from .eks import describe_eks_resource
from .finding import errors
from .fleet_findings import fleet_findings
from .fleet_search import fleet_search
from .happening import get_k8s_events, get_pod_logs
from .holdings import artifact, history
from .kubernetes import list_k8s_resources, read_k8s_resource
from .network import network_diagnostics, storage_diagnostics
from .run_sop import run_sop
from .runbooks import get_sop, list_sops
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
    ToolRow(cluster_health, "core", "Health of an EKS cluster's nodes"),
    ToolRow(summarize, "core", "Root cause of an EKS node's trouble"),
    ToolRow(quick_triage, "core", "First look at an EKS node"),
    ToolRow(list_sops, "sops", "List runbooks", "reads_own"),
    ToolRow(get_sop, "sops", "Get a runbook", "reads_own"),
    ToolRow(run_sop, "sops", "Run a runbook on an EKS node"),
    ToolRow(list_k8s_resources, "kubernetes", "List Kubernetes objects (read-only, node diagnosis)"),
    ToolRow(read_k8s_resource, "kubernetes", "Read a Kubernetes object (read-only, node diagnosis)"),
    ToolRow(get_k8s_events, "kubernetes", "Kubernetes events (read-only, node diagnosis)"),
    ToolRow(get_pod_logs, "kubernetes", "Pod logs (read-only, node diagnosis)"),
    ToolRow(describe_eks_resource, "kubernetes", "Describe an EKS resource (read-only, node diagnosis)"),
    ToolRow(get_cloudwatch_logs, "kubernetes", "CloudWatch logs of an EKS cluster (read-only, node diagnosis)"),
    ToolRow(batch_collect, "fleet-ops", "Collect logs of several EKS nodes", "collects"),
    ToolRow(batch_status, "fleet-ops", "Status of several collections"),
    ToolRow(fleet_findings, "fleet-ops", "Findings that EKS nodes share"),
    ToolRow(fleet_search, "fleet-ops", "Search the logs of many EKS nodes"),
    ToolRow(history, "fleet-ops", "Collections and bundles known", "reads_own"),
    ToolRow(artifact, "fleet-ops", "Link to evidence", "reads_own"),
)

NOT_BUILT: dict[str, str] = {
    name: f"{name} is not part of this version. {instead}"
    for names, instead in ((("tcpdump_capture", "tcpdump_analyze"), "No flag of this version switches packet capture on."),)
    for name in names
}
"""Tools that runbooks name and that this version does not have: what to do instead, told when one is called anyway."""
