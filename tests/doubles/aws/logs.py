"""CloudWatch Logs: groups and their events, as tests put them in (`Logs.put`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .errors import AwsError
from .log_patterns import BadPattern, matcher
from .models import partition_of
from .paging import page, with_token

Record = dict[str, Any]
MAX_EVENTS = 10_000


class LogEvent(NamedTuple):
    """`at_ms` is milliseconds since 1970."""

    at_ms: int
    stream: str
    message: str


@dataclass(slots=True)
class Group:
    described: Record
    events: list[LogEvent] = field(default_factory=list)


class Logs:
    """Groups by (region, name). `empty_pages`: so many pages without an event, but with a token, come before the first event,
    as CloudWatch gives them while it searches."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.groups: dict[tuple[str, str], Group] = {}
        self.empty_pages = 0

    def put(self, region: str, group: str, events: Iterable[tuple[int, str, str]] = (), retention_days: int | None = None) -> None:
        """A group with these (milliseconds since 1970, stream, message); more events when it is there already."""
        arn = f"arn:{partition_of(region)}:logs:{region}:{self.account}:log-group:{group}:*"
        kept = {"retentionInDays": retention_days} if retention_days else {}
        described = {"logGroupName": group, "creationTime": 0, "metricFilterCount": 0, "arn": arn, "storedBytes": 0, **kept}
        found = self.groups.setdefault((region, group), Group(described))
        found.events = sorted([*found.events, *(LogEvent(*e) for e in events)])

    def describe_log_groups(self, region: str, params: Record) -> Record:
        if params.get("logGroupNamePrefix") and params.get("logGroupNamePattern"):
            text = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            raise AwsError("InvalidParameterException", text)
        prefix, part = params.get("logGroupNamePrefix", ""), params.get("logGroupNamePattern", "")
        names = sorted(n for r, n in self.groups if r == region and n.startswith(prefix) and part.lower() in n.lower())
        shown, token = page(names, params.get("limit", 50), params.get("nextToken"), _bad_token())
        return with_token({"logGroups": [self.groups[region, n].described for n in shown]}, token, "nextToken")

    def describe_log_streams(self, region: str, params: Record) -> Record:
        events = self._group(region, params).events
        streams = sorted({e.stream for e in events if e.stream.startswith(params.get("logStreamNamePrefix", ""))})
        shown, token = page(streams, params.get("limit", 50), params.get("nextToken"), _bad_token())
        times = {s: [e.at_ms for e in events if e.stream == s] for s in shown}
        rows = [{"logStreamName": s, "firstEventTimestamp": min(times[s]), "lastEventTimestamp": max(times[s])} for s in shown]
        return with_token({"logStreams": rows}, token, "nextToken")

    def filter_log_events(self, region: str, params: Record) -> Record:
        """Oldest first. Both ends of the window count, as the API reference has it."""
        group = self._group(region, params)
        try:
            passes = matcher(params.get("filterPattern", ""))
        except BadPattern as bad:
            raise AwsError("InvalidParameterException", f"Invalid filter pattern: {bad}") from None
        first, last = params.get("startTime", 0), params.get("endTime", 1 << 62)
        streams, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix", "")
        found = [
            {
                "logStreamName": e.stream,
                "timestamp": e.at_ms,
                "message": e.message,
                "ingestionTime": e.at_ms + 1500,
                "eventId": f"{i:056d}",
            }
            for i, e in enumerate(group.events)
            if first <= e.at_ms <= last
            and (streams is None or e.stream in streams)
            and e.stream.startswith(prefix)
            and passes(e.message)
        ]
        token = params.get("nextToken", "")
        emptied = int(token.removeprefix("searching-")) if token.startswith("searching-") else 0
        if emptied < self.empty_pages and (not token or token.startswith("searching-")):
            return {"events": [], "searchedLogStreams": [], "nextToken": f"searching-{emptied + 1}"}
        wanted = None if token.startswith("searching-") else token or None
        shown, following = page(found, params.get("limit", MAX_EVENTS), wanted, _bad_token())
        return with_token({"events": shown, "searchedLogStreams": []}, following, "nextToken")

    def _group(self, region: str, params: Record) -> Group:
        name = params.get("logGroupName") or params.get("logGroupIdentifier", "").rpartition("log-group:")[2].removesuffix(":*")
        found = self.groups.get((region, name))
        if found is None:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return found


def _bad_token() -> AwsError:
    return AwsError("InvalidParameterException", "The specified nextToken is invalid.")
