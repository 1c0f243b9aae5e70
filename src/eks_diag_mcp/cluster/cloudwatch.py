"""A cluster's logs in CloudWatch: the newest lines that fit, searched backwards from the end of the window.

FilterLogEvents gives the oldest first. A day of audit logs is gigabytes, and the newest lines are the ones wanted: so the
window is cut into slices that grow as they lie further back, and the search ends when enough was found or time is over."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..cloud.aws import Aws
from ..cloud.clusters import ClusterRef
from ..cloud.eks_cluster import describe_cluster
from ..errors import DiagError, NotThere
from .reading import parts, text

LogType = Literal["control-plane", "application", "host", "performance", "dataplane"]

FIRST_SLICE = timedelta(minutes=30)
_GROWTH = 3
_CALL = 1_000
_PLAIN = re.compile(r"\w+")
_SYNTAX = re.compile(r'["{}\[\]%?|]|(?:^|\s)[-?]')
"""What makes a filter pattern more than words: quotes, JSON and column patterns, regular expressions, options, exclusions."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line. `stream` says which component or node wrote it."""

    time: datetime
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class LogSearch:
    """What was found, the newest first, and what was looked at. `off` says that there is nothing to search, and why."""

    group: str
    pattern: str
    entries: tuple[LogEntry, ...]
    start: datetime
    end: datetime
    searched_from: datetime
    whole: bool
    off: str = ""


def log_group(cluster: str, log_type: LogType) -> str:
    """The log group: EKS's own for the control plane, Container Insights' for all else."""
    return f"/aws/eks/{cluster}/cluster" if log_type == "control-plane" else f"/aws/containerinsights/{cluster}/{log_type}"


def filter_of(pattern: str | None, name: str | None) -> tuple[str, bool]:
    """(filter pattern for CloudWatch, does it hold the resource's name). Words with other characters are quoted, as
    CloudWatch wants it; a pattern in its own syntax stays as it is, and cannot be joined with a name."""
    terms = [] if not name else [_quoted(name)]
    if not pattern:
        return " ".join(terms), True
    if _SYNTAX.search(pattern):
        return pattern, not name
    return " ".join([*terms, *(_quoted(w) for w in pattern.split())]), True


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else '"' + word.replace('"', "") + '"'


def search_logs(
    aws: Aws,
    ref: ClusterRef,
    log_type: LogType,
    window: tuple[datetime, datetime],
    *,
    pattern: str | None,
    name: str | None,
    limit: int,
    late: Callable[[], bool],
) -> LogSearch:
    """The newest `limit` entries of the window, backwards until `late()`."""
    group, (start, end) = log_group(ref.name, log_type), window
    said, named = filter_of(pattern, name)
    off = _off(aws, ref, log_type)
    found: list[LogEntry] = []
    edge, width = end, FIRST_SLICE
    try:
        while edge > start and len(found) < limit and not late():
            begin = max(start, edge - width)
            part, ended = _slice(aws, ref.region, group, (begin, edge), said, late)
            found += [e for e in part if named or (name or "") in e.text or (name or "") in e.stream]
            if not ended:
                break
            edge, width = begin, width * _GROWTH
    except NotThere:
        why = off or _missing(log_type, group)
        return LogSearch(group, said, (), start, end, end, True, why)
    newest = tuple(sorted(found, key=lambda e: e.time, reverse=True)[:limit])
    whole = edge <= start
    return LogSearch(group, said, newest, start, end, max(edge, start), whole, off if not newest else "")


def _slice(
    aws: Aws, region: str, group: str, span: tuple[datetime, datetime], pattern: str, late: Callable[[], bool]
) -> tuple[list[LogEntry], bool]:
    """(entries of a slice, was it read to its end)."""
    entries: list[LogEntry] = []
    token: str | None = None
    while True:
        arguments = {"filterPattern": pattern} if pattern else {}
        arguments |= {"nextToken": token} if token else {}
        answer = aws.call(
            "logs",
            "filter_log_events",
            region,
            logGroupName=group,
            startTime=_ms(span[0]),
            endTime=_ms(span[1]) - 1,  # the end is part of what CloudWatch searches, and of the slice before
            limit=_CALL,
            **arguments,
        )
        entries += [
            LogEntry(_time(int(e.get("timestamp") or 0), span[0]), text(e, "logStreamName"), text(e, "message"))
            for e in parts(answer, "events")
        ]
        token = answer.get("nextToken")
        if not token:
            return entries, True
        if late():
            return entries, False


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _time(ms: int, like: datetime) -> datetime:
    return datetime.fromtimestamp(ms / 1000, like.tzinfo)


def _off(aws: Aws, ref: ClusterRef, log_type: LogType) -> str:
    """Whether control plane logging is off, by EKS; "" where it is on or cannot be told."""
    if log_type != "control-plane":
        return ""
    try:
        found = describe_cluster(aws, ref.name, ref.region)
    except NotThere:
        raise
    except DiagError:
        return ""
    on = [t for group in parts(found, "logging", "clusterLogging") if group.get("enabled") for t in group.get("types") or ()]
    return "" if on else "Control plane logging is off for this cluster: no log type is enabled."


def _missing(log_type: LogType, group: str) -> str:
    if log_type == "control-plane":
        return f"Control plane logging is off, or wrote nothing yet: there is no log group {group}."
    return f"Container Insights logging is off: there is no log group {group} (the CloudWatch Observability add-on writes it)."
