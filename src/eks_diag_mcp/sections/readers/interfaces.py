"""The network interfaces of the host as ifconfig shows them (networking/ifconfig.txt): the one place with live MTUs."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...model import Evidence
from .state_files import quote

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

InterfaceKind = Literal["eni", "pod", "branch", "other"]

_HEAD = re.compile(r"^([\w.@:-]{1,40}?):? +(?:flags=\d+<([A-Z0-9_,]*)>\s+mtu (\d{1,6})|Link encap:)", re.MULTILINE)
_OLD = re.compile(r"^\s+((?:[A-Z]+ )+)\s*MTU:(\d{1,6})", re.MULTILINE)
_KINDS: tuple[tuple[InterfaceKind, re.Pattern[str]], ...] = (
    ("eni", re.compile(r"(?:eth\d+|ens\d+|enp\d+s\d+\w*|eno\d+)")),
    ("branch", re.compile(r"vlan[.\w]+")),
    ("pod", re.compile(r"(?:eni|cali|lxc|veth)\w+")),
)


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface. eni: an ENI's own device; pod: the host side of a pod; branch: of a pod with a branch ENI. `up`: it is
    switched on and has a carrier (flags UP and RUNNING)."""

    name: str
    kind: InterfaceKind
    mtu: int | None
    up: bool
    evidence: Evidence


def read_interfaces(bundle: "Bundle") -> tuple[Interface, ...]:
    """All interfaces, in file order; both layouts ifconfig has had."""
    return tuple(found for file in bundle.texts("ifconfig") for found in _interfaces(file))


def _interfaces(file: "FileText") -> list[Interface]:
    heads = list(_HEAD.finditer(file.text))
    found = []
    ends = [*(head.start() for head in heads[1:]), len(file.text)]
    for head, end in zip(heads, ends, strict=False):
        flags, mtu = (head[2] or "").split(","), head[3]
        where = head
        if mtu is None:
            old = _OLD.search(file.text, head.end(), end)
            if old:
                flags, mtu, where = old[1].split(), old[2], old
        kind: InterfaceKind = next((kind for kind, pattern in _KINDS if pattern.fullmatch(head[1])), "other")
        evidence = quote("ifconfig", file, where.start(), where.end())
        found.append(Interface(head[1], kind, int(mtu) if mtu else None, {"UP", "RUNNING"} <= set(flags), evidence))
    return found
