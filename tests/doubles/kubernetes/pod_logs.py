"""Container logs: their lines, and the refusals of a container that has none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import status
from .asked import Asked
from .store import Object, rfc3339

Line = tuple[datetime, str]


@dataclass(slots=True)
class Logs:
    """The lines of one container: of its present run, and of the one before (None when there was none)."""

    current: list[Line] = field(default_factory=list)
    previous: list[Line] | None = None


def read(pod: Object, logs: dict[str, Logs], asked: Asked, now: datetime, kubelet: str | None) -> str:
    """The text that is asked for; raises the refusals of API server and kubelet.

    `kubelet` is the node's address, or None where it does not answer.
    """
    query, name = asked.query, pod["metadata"]["name"]
    _check(name, query)
    container = _container(pod, query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return ""  # not scheduled: the server answers with nothing, and 200
    if kubelet is None:
        raise _unreachable(pod, container)
    kept = logs.get(container, Logs())
    if query.get("previous") == "true":
        if kept.previous is None:
            raise status.bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        lines = kept.previous
    else:
        lines = kept.current or kept.previous or []
        if not lines:
            _check_started(pod, container)
    if query.get("sinceSeconds"):
        since = now - timedelta(seconds=int(query["sinceSeconds"]))
        lines = [line for line in lines if line[0] >= since]
    if query.get("tailLines"):
        tail = int(query["tailLines"])
        lines = lines[-tail:] if tail else []
    stamped = query.get("timestamps") == "true"
    text = "".join(f"{rfc3339(at)} {words}\n" if stamped else f"{words}\n" for at, words in lines)
    return text[: int(query["limitBytes"])] if query.get("limitBytes") else text


def _check(name: str, query: Any) -> None:
    causes = []
    for option, least, words in (
        ("tailLines", 0, "must be greater than or equal to 0"),
        ("sinceSeconds", 1, "must be greater than 0"),
        ("limitBytes", 1, "must be greater than 0"),
    ):
        value = query.get(option, "")
        if value and int(value) < least:
            causes.append(status.Cause("FieldValueInvalid", f"Invalid value: {value}: {words}", option))
    if causes:
        raise status.invalid("", "PodLogOptions", name, causes)


def _container(pod: Object, asked_for: str) -> str:
    name, spec = pod["metadata"]["name"], pod["spec"]
    own: list[str] = [c["name"] for c in spec["containers"]]
    first = [c["name"] for c in spec.get("initContainers", ())]
    if asked_for:
        if asked_for not in (*own, *first):
            raise status.bad_request(f"container {asked_for} is not valid for pod {name}")
        return asked_for
    if len(own) == 1:
        return own[0]
    choice = f"choose one of: [{' '.join(own)}]" + (f" or one of the init containers: [{' '.join(first)}]" if first else "")
    raise status.bad_request(f"a container name must be specified for pod {name}, {choice}")


def _unreachable(pod: Object, container: str) -> status.Refused:
    where, meta = f"{pod['status'].get('hostIP', '')}:10250", pod["metadata"]
    target = f"https://{where}/containerLogs/{meta['namespace']}/{meta['name']}/{container}"
    return status.Refused(500, status.failure(500, f'Get "{target}": dial tcp {where}: i/o timeout', ""))


def _check_started(pod: Object, container: str) -> None:
    states = [*pod["status"].get("containerStatuses", ()), *pod["status"].get("initContainerStatuses", ())]
    state: dict[str, Any] = next((s for s in states if s["name"] == container), {})
    waiting = state.get("state", {}).get("waiting")
    if waiting is None or state.get("lastState", {}).get("terminated"):
        return
    why = {
        "ErrImagePull": "image can't be pulled",
        "ImagePullBackOff": "trying and failing to pull image",
    }.get(waiting["reason"], waiting["reason"])
    name = pod["metadata"]["name"]
    raise status.bad_request(f'container "{container}" in pod "{name}" is waiting to start: {why}')


def of_lines(lines: Sequence[str | Line], now: datetime) -> list[Line]:
    """Lines with their times; those without one are a second apart and end now."""
    spaced = enumerate(lines, 1 - len(lines))
    return [(now + timedelta(seconds=i), line) if isinstance(line, str) else line for i, line in spaced]
