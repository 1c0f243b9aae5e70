"""What an answer of AWS or Kubernetes says in a line, for the steps of a runbook. Names and words only, never foreign text."""

from pydantic import BaseModel

from ..quoting import one_line
from ..runbooks.calling import Seen
from .cloudwatch import CloudWatchAnswer
from .cluster import ClusterAnswer
from .eks import EksAnswer
from .happening import EventsAnswer, PodLogsAnswer
from .kubernetes import ListAnswer, ObjectAnswer

WELL = frozenset({"Running", "Completed", "Succeeded", "Ready", "Available", "Active", "Bound", "Complete", "Present"})
"""Status words of objects that are well."""


def digest_outside(answer: BaseModel) -> Seen | None:
    """The answer of a tool that asks AWS or Kubernetes in a line; None for any other."""
    match answer:
        case ListAnswer():
            return Seen(_listed(answer), (), {"clusterName": answer.clusterName})
        case ObjectAnswer():
            status = answer.status.status if answer.status else ""
            return Seen(f"{answer.kind} {answer.name}: {status}" if answer.found else f"no {answer.kind} {answer.name}")
        case EventsAnswer():
            reasons = ", ".join(f"{count} {reason}" for reason, count in list(answer.by_reason.items())[:3])
            return Seen(f"{answer.warnings} warnings of {answer.total} events" + (f": {reasons}" if reasons else ""))
        case PodLogsAnswer():
            return Seen(answer.why or f"{answer.total} lines of {answer.containerName}")
        case EksAnswer():
            return Seen(_described(answer), (), {"clusterName": answer.clusterName})
        case CloudWatchAnswer():
            return Seen(one_line(answer.logging, 80) if answer.logging != "on" else f"{answer.found} lines in {answer.log_group}")
        case ClusterAnswer():
            return Seen(one_line(answer.summary, 200), (), {"clusterName": answer.clusterName})
        case _:
            return None


def _listed(answer: ListAnswer) -> str:
    many = f"{answer.total if answer.total is not None else answer.shown} {answer.kind}s"
    counted = ", ".join(f"{n} {status}" for status, n in list(answer.by_status.items())[:3])
    worst = next((row for row in answer.items if row.status not in WELL), None)
    where = f" ({worst.name}{f' on {worst.node}' if worst.node else ''})" if worst else ""
    return f"{many}: {counted}{where}" if counted else f"no {answer.kind}"


def _described(answer: EksAnswer) -> str:
    if not answer.found:
        return f"EKS has no {answer.resourceType} {answer.resourceName or ''}".strip()
    if answer.items is not None:
        return f"{len(answer.items)} {answer.resourceType}s: " + ", ".join(i.name for i in answer.items[:5])
    said = [f"{answer.resourceName} {answer.status or ''}".strip()]
    said += [f"version {answer.properties['version']}"] if answer.properties and answer.properties.get("version") else []
    said += [] if answer.compatible is None else ["which fits" if answer.compatible else "which is not offered for this cluster"]
    return " ".join(said) + "".join(f"; {i.code}" for i in (answer.issues or ())[:2])
