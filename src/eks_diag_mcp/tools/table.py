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
)

TOOLSETS = {row.name: row.toolset for row in TOOLS}
