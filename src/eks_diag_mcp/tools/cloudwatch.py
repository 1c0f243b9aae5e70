"""get_cloudwatch_logs: control plane and Container Insights logs of a cluster."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from ..errors import BadInput
from .outside_room import ClusterArg, fitting, masker, quoted
from .room import DEFAULT_BUDGET_S, Room, stamp
from .shapes import Answer, WindowOut

_DAY_MIN = 1440


class EntryRow(Answer):
    """A line of a log; `text` is untrusted."""

    time: str | None
    stream: str
    text: str


class CloudWatchAnswer(Answer):
    """The newest lines that fit, the newest first, and the span that was searched."""

    clusterName: str
    note: str | None = None
    log_group: str
    filter_pattern: str | None = None
    logging: str
    entries: list[EntryRow]
    shown: int
    found: int
    window: WindowOut
    searched_from: str | None = None
    complete: bool
    next_step: str | None = None


def get_cloudwatch_logs(
    room: Room,
    clusterName: ClusterArg = None,
    log_type: Literal["control-plane", "application", "host", "performance", "dataplane"] = "control-plane",
    resource_type: Annotated[
        Literal["cluster", "pod", "node", "container"], Field(description="cluster: no filter by name")
    ] = "cluster",
    resource_name: str | None = None,
    filter_pattern: Annotated[str | None, Field(description="CloudWatch filter pattern", max_length=1024)] = None,
    minutes: Annotated[int | None, Field(ge=1, le=43_200, description="Left out: the bundle's window or 1440")] = None,
    limit: Annotated[int, Field(ge=1, le=500)] = 50,
) -> CloudWatchAnswer:
    """CloudWatch logs of an EKS cluster: control plane, or Container Insights; says plainly when logging is off."""
    from ..cluster.choosing import choose
    from ..cluster.cloudwatch import search_logs

    if resource_type != "cluster" and not resource_name:
        raise BadInput(f"resource_name is missing for resource_type={resource_type}.", "Pass the name, or resource_type=cluster.")
    outside = room.app.outside
    ref, note = choose(outside.clusters, clusterName)
    start, end, why = _window(room, minutes, resource_name if resource_type == "node" else None)
    until = room.app.now() + DEFAULT_BUDGET_S

    def late() -> bool:
        room.checkpoint()
        return room.app.now() > until

    found = search_logs(
        outside.aws,
        ref,
        log_type,
        (start, end),
        pattern=filter_pattern,
        name=resource_name if resource_type != "cluster" else None,
        limit=limit,
        late=late,
    )
    mask = masker()
    rows = fitting(
        (
            EntryRow(time=stamp(e.time), stream=quoted(e.stream, mask, 120) or "", text=quoted(e.text, mask, 500) or "")
            for e in found.entries
        ),
        limit,
    )
    return CloudWatchAnswer(
        clusterName=ref.name,
        note=note,
        log_group=found.group,
        filter_pattern=found.pattern or None,
        logging=found.off or "on",
        entries=rows,
        shown=len(rows),
        found=len(found.entries),
        window=WindowOut(start=stamp(start), end=stamp(end), why=why),
        searched_from=stamp(found.searched_from) if not found.whole else None,
        complete=found.whole,
        next_step=_next(bool(found.off), bool(rows), len(rows) < len(found.entries), whole=found.whole),
    )


def _window(room: Room, minutes: int | None, node: str | None) -> tuple[datetime, datetime, str]:
    """The span: minutes back from now, else the day before the capture of the node's bundle, else the last day."""
    now = room.app.wall()
    if minutes is not None:
        return now - timedelta(minutes=minutes), now, f"the last {minutes} minutes"
    if node and room.app.library.bundles(node):
        captured = room.app.library.bundle(node).captured
        return captured - timedelta(minutes=_DAY_MIN), captured, f"the day before the bundle of {node} was captured"
    return now - timedelta(minutes=_DAY_MIN), now, f"the last {_DAY_MIN} minutes"


def _next(off: bool, any_rows: bool, cut: bool, *, whole: bool) -> str | None:
    if off:
        return "Nobody wrote these logs. get_k8s_events and the node's bundle (errors, search) are what is left."
    if not whole:
        return "Not all of the window was searched: narrow it by minutes, or filter_pattern."
    if cut:
        return "Narrow it by filter_pattern or minutes to see the rest."
    return None if any_rows else "No line fits in the whole window."
