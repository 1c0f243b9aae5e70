"""How large the node is: its instance type, and how many pods kubelet takes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import LineRef, NodeFacts
from .limits import InstanceLimits, limits_from_facts, limits_of
from .pool_log import SOURCES
from .state_files import as_int, as_map, line_at, read_json

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_TYPE = r"[a-z][a-z0-9]{0,12}(?:-[a-z0-9]{1,12}){0,3}\.[a-z0-9-]{1,24}"
_TYPE_CLAIMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("DMI line of the kernel", rf"DMI: Amazon EC2 ({_TYPE})/", ("dmesg",)),
    (
        "node label of kubelet",
        rf"node\.kubernetes\.io/instance-type[=:]\W{{0,3}}({_TYPE})",
        ("kubelet-service", "kubelet-log"),
    ),
    ("start lines of ipamd", rf"instance type: ({_TYPE})", SOURCES),
)
_FLAG = re.compile(r"--max-pods[= ]\"?'?(\d{1,5})\b")


@dataclass(frozen=True, slots=True)
class InstanceType:
    """The type, where it was read, and its limits (None: a type our table does not know)."""

    name: str
    origin: str
    ref: LineRef | None
    limits: InstanceLimits | None


@dataclass(frozen=True, slots=True)
class MaxPods:
    """kubelet's pod limit and where it was read."""

    value: int
    origin: str
    ref: LineRef


def read_instance_type(bundle: "Bundle", facts: NodeFacts | None) -> InstanceType | None:
    """The instance type by the kernel's DMI line (Nitro only), kubelet's label, ipamd's log, or EC2. What EC2 said of
    the limits goes before the table."""
    told = limits_from_facts(facts)
    for origin, pattern, sources in _TYPE_CLAIMS:
        line = bundle.latest(pattern, sources)
        found = re.search(pattern, line.text, re.IGNORECASE) if line else None
        if line and found:
            return InstanceType(found[1].lower(), origin, line.ref, told or limits_of(found[1]))
    name = facts.values.get("instance_type") if facts else None
    if isinstance(name, str):
        return InstanceType(name, "EC2", None, told or limits_of(name))
    return InstanceType("", "EC2", None, told) if told else None


def read_max_pods(bundle: "Bundle") -> MaxPods | None:
    """The limit kubelet runs with: a --max-pods flag goes before its drop-in files, the last of these by name before
    the others, and these before the configuration file. None where nothing names it."""
    for source in ("kubelet-service", "processes"):
        for file in bundle.texts(source):
            for flag in _FLAG.finditer(file.text):
                if source == "kubelet-service" or _is_kubelet(file.text, flag.start()):
                    return MaxPods(int(flag[1]), "--max-pods flag", LineRef(file.path, line_at(file.text, flag.start())))
    return max(_configured(bundle), key=lambda found: found[0], default=(("",), None))[1]


def _configured(bundle: "Bundle") -> Iterator[tuple[tuple[str, ...], MaxPods]]:
    for file in bundle.texts("kubelet-config"):
        folder, _, name = file.path.rpartition("/")
        drop_in = folder.endswith(".json.d")
        for document in read_json(file.text, file.truncated).documents:
            value = as_int(as_map(document.value).get("maxPods"))
            if value is None:
                continue
            line = line_at(file.text, max(file.text.find('"maxPods"', document.start), document.start))
            origin = "kubelet drop-in" if drop_in else "kubelet configuration"
            yield ("1", name) if drop_in else ("0", name), MaxPods(value, origin, LineRef(file.path, line))


def _is_kubelet(text: str, offset: int) -> bool:
    """Whether the process line around `offset` is kubelet's own (any pod can carry such words among its arguments)."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    words = line.split(None, 10)
    return len(words) == 11 and words[0] == "root" and bool(re.match(r"(?:[\\|_]\S*\s+)*(?:/\S{0,80}/)?kubelet\s", words[10]))
