"""Policy rules and routes of the host: networking/iprule.txt and iproute.txt, and the IPv6 files beside them.

`ip rule show` prints `512:\tfrom all to 10.0.1.7 lookup main`; `ip route show table all` prints one route a line, without
a table word for the main table. Flags behind (linkdown, onlink, [detached]) are of no concern here."""

import ipaddress
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from ...model import Evidence
from .state_files import QUOTE_CHARS

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

Family = Literal["IPv4", "IPv6"]
_FILES: dict[Family, tuple[str, str]] = {"IPv4": ("iprule.txt", "iproute.txt"), "IPv6": ("ip6rule.txt", "ip6route.txt")}
_TABLES = {"254": "main", "255": "local", "253": "default"}
_KINDS = frozenset(
    ("unicast", "local", "broadcast", "multicast", "anycast", "throw", "unreachable", "prohibit", "blackhole", "nat")
)
_NO_WAY_OUT = frozenset(("throw", "unreachable", "prohibit", "blackhole"))
_KEYS = frozenset(("from", "to", "fwmark", "iif", "oif", "lookup", "table", "via", "dev", "src", "metric", "proto", "scope"))


@dataclass(frozen=True, slots=True)
class IpRule:
    """One policy rule. `target` and `mark` are "" where the rule has none; `table` by name where it has a known one."""

    priority: int
    source: str
    target: str
    mark: str
    iif: str
    table: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class IpRoute:
    """One route. `dest` is `default`, an address, or a network; `metric` 0 where none is printed."""

    kind: str
    dest: str
    via: str
    dev: str
    table: str
    src: str
    metric: int
    link: bool
    evidence: Evidence

    @property
    def leads_out(self) -> bool:
        """A default route that does lead somewhere."""
        return self.dest == "default" and self.kind not in _NO_WAY_OUT


@dataclass(frozen=True)
class Routing:
    """Rules and routes of one address family. `rules_whole` and `routes_whole`: the file was read to its end, so what is
    not in it is not on the node."""

    family: Family
    rules: tuple[IpRule, ...]
    routes: tuple[IpRoute, ...]
    rules_whole: bool
    routes_whole: bool

    @cached_property
    def to_main(self) -> dict[str, list[IpRule]]:
        """Rules that send what is bound for an address to the main table, by that address."""
        found: dict[str, list[IpRule]] = {}
        for rule in self.rules:
            if rule.target and rule.source == "all" and rule.table == "main":
                found.setdefault(rule.target, []).append(rule)
        return found

    @cached_property
    def from_address(self) -> dict[str, list[IpRule]]:
        """Rules for what comes from a single address, by that address."""
        found: dict[str, list[IpRule]] = {}
        for rule in self.rules:
            if rule.source != "all" and "/" not in rule.source:
                found.setdefault(rule.source, []).append(rule)
        return found

    @cached_property
    def hosts(self) -> dict[str, IpRoute]:
        """Routes of the main table to a single address, by that address."""
        return {r.dest: r for r in self.routes if r.table == "main" and r.dev and r.dest != "default" and "/" not in r.dest}

    @cached_property
    def ways_out(self) -> dict[str, IpRoute]:
        """The default route of each table that has one, the one of the lowest metric."""
        found: dict[str, IpRoute] = {}
        for route in self.routes:
            if route.leads_out and (route.table not in found or route.metric < found[route.table].metric):
                found[route.table] = route
        return found

    @property
    def primary_device(self) -> str | None:
        """The interface of the default route: that of the primary ENI."""
        way = self.ways_out.get("main")
        return way.dev or None if way else None

    @property
    def primary_address(self) -> str | None:
        """The address the node has on that interface; None where the routes do not tell one for certain."""
        way = self.ways_out.get("main")
        if way is None or not way.dev:
            return None
        linked = {r.src for r in self.routes if r.table == "main" and r.dev == way.dev and r.link and r.src}
        return way.src or (linked.pop() if len(linked) == 1 else None)


def read_routing(bundle: "Bundle", family: Family = "IPv4") -> Routing:
    """The rules and routes of that family; empty and not whole where the files are absent, empty or hold error text."""
    rules_file, routes_file = _FILES[family]
    rules = _lines(bundle, "ip-rules", rules_file)
    routes = _lines(bundle, "ip-routes", routes_file)
    read_rules = tuple(rule for line in rules[0] if (rule := _rule(line)))
    read_routes = tuple(route for line in routes[0] if (route := _route(line)))
    # The rule that everything falls through to stands near the end of every list of rules.
    last = any(r.table == "main" and r.source == "all" and not r.target and not r.mark for r in read_rules)
    # All tables are listed, and the local one is never empty (of IPv6 it is left out by some images).
    listed = any(r.table == "local" for r in read_routes) if family == "IPv4" else bool(read_routes)
    return Routing(family, read_rules, read_routes, last and not rules[1], listed and not routes[1])


def _lines(bundle: "Bundle", source: str, name: str) -> tuple[list[Evidence], bool]:
    """The lines of that file, and whether its end is missing."""
    files: list[FileText] = [f for f in bundle.texts(source) if f.path.rpartition("/")[2] == name]
    found = [
        Evidence(source, file.path, number, line.strip()[:QUOTE_CHARS])
        for file in files
        for number, line in enumerate(file.text.split("\n"), 1)
        if line.strip()
    ]
    return found, any(f.truncated for f in files)


def _rule(line: Evidence) -> IpRule | None:
    head, colon, rest = line.text.partition(":")
    words = _words(rest.split())
    if not colon or not (head.isascii() and head.isdigit()) or "from" not in words:
        return None
    table = words.get("lookup") or words.get("table", "")
    return IpRule(
        int(head),
        plain(words["from"]),
        plain(words.get("to", "")),
        words.get("fwmark", ""),
        words.get("iif", ""),
        _TABLES.get(table, table),
        line,
    )


def _route(line: Evidence) -> IpRoute | None:
    words = line.text.split()
    kind = words.pop(0) if words and words[0] in _KINDS else "unicast"
    if not words:
        return None
    dest, named = plain(words[0]), _words(words[1:])
    if dest != "default" and not _is_address(dest):
        return None
    table = named.get("table", "main")
    metric = named.get("metric", "0")
    return IpRoute(
        kind,
        dest,
        named.get("via", ""),
        named.get("dev", ""),
        _TABLES.get(table, table),
        plain(named.get("src", "")),
        int(metric) if metric.isascii() and metric.isdigit() else 0,
        named.get("scope") == "link" or named.get("proto") == "kernel",
        line,
    )


def _words(words: list[str]) -> dict[str, str]:
    """keyword -> the word behind it, the first of each keyword."""
    found: dict[str, str] = {}
    for word, value in pairwise(words):
        if word in _KEYS:
            found.setdefault(word, value)
    return found


def plain(address: str) -> str:
    """An address in its one spelling, without the length of a host route; networks and words as they are."""
    for length in ("/32", "/128"):
        if address.endswith(length):
            address = address.removesuffix(length)
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network(address, strict=False)) if "/" in address else str(ipaddress.ip_address(address))
    except ValueError:
        return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
