"""What ipamd writes of its pool into its log: one parser per wording it has used.

Pool statistics are debug lines: they vanish with AWS_VPC_K8S_CNI_LOGLEVEL=INFO, so their absence says nothing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ...model import Evidence
from .state_files import as_flag

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

SOURCES = ("ipamd-log", "aws-node")
"""ipamd writes to its own file, or to the container log where AWS_VPC_K8S_CNI_LOG_FILE says stdout."""

PoolKind = Literal["IP", "Prefix"]


@dataclass(frozen=True, slots=True)
class PoolStat:
    """One line of pool statistics. `cooling`, `prefixes`, `max_ips_per_eni` are None where that wording has no such
    number; `card` is None in releases before network cards."""

    time: datetime | None
    card: int | None
    kind: PoolKind | None
    total: int
    assigned: int
    cooling: int | None
    prefixes: int | None
    max_ips_per_eni: int | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PoolTargets:
    """The targets ipamd works with, as it says when its pool manager starts. 0 = not set (WARM_ENI_TARGET: zero)."""

    max_pods: int | None
    warm_ip: int | None
    warm_prefix: int | None
    warm_eni: int | None
    minimum_ip: int | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class RoomForEni:
    """ipamd's own answer to whether another ENI fits (CNI 1.22 and later say all of it)."""

    card: int | None
    current: int | None
    max_eni: int | None
    unmanaged: int | None
    trunk: int | None
    excluded: int | None
    has_room: bool | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PoolTooLow:
    """A line that says why ipamd wants to grow the pool."""

    card: int | None
    available: int
    target: int
    addresses_per_eni: int
    evidence: Evidence


_TOTALS = (
    r"Total IPs/Prefixes = (?P<total>\d+)/(?P<prefixes>\d+), "
    r"AssignedIPs/CooldownIPs: (?P<assigned>\d+)/(?P<cooling>\d+)"
)
_OLD = r"(?P<kind>IP|Prefix) pool stats: total = (?P<total>\d+), used = (?P<assigned>\d+), "
_EACH = r"c\.maxIPsPerENI = (?P<max>\d+)"
_LOOP = r"total IPs: (?P<total>\d+), assigned IPs: (?P<assigned>\d+), cooldown IPs: (?P<cooling>\d+)"
WORDINGS: tuple[tuple[str, str], ...] = (
    ("1.5", _OLD + r"c\.currentMaxAddrsPerENI = \d+, c\.maxAddrsPerENI = (?P<max>\d+)"),
    ("1.6-1.9", _OLD + _EACH),
    ("1.10-1.11", _OLD + r"IPs in Cooldown = (?P<cooling>\d+), " + _EACH),
    (
        "1.10 monitor",
        r"IP/Prefix Address Pool stats: total: (?P<total>\d+), assigned: (?P<assigned>\d+), "
        r"cooldownIPs: (?P<cooling>\d+), total prefixes: (?P<prefixes>\d+)",
    ),
    ("1.12-1.19", rf"(?P<kind>IP|Prefix) pool stats: {_TOTALS}, {_EACH}"),
    ("1.20", rf"(?P<kind>IP|Prefix) pool stats for network card (?P<card>\d+): {_TOTALS}, {_EACH}"),
    ("loop 1.19", rf"IP stats - {_LOOP}"),
    ("loop 1.20", rf"IP stats for Network Card (?P<card>\d+) - {_LOOP}"),
    (
        "warm targets",
        r"Current warm IP stats: target: \d+, total: (?P<total>\d+), (?:assigned|used): (?P<assigned>\d+)",
    ),
    ("warm targets 1.12", rf"Current warm IP stats : target: \d+, short[^\n]{{0,80}}stats: {_TOTALS}"),
    ("assignment", r"IP address pool stats: total:? ?(?P<total>\d+), assigned:? ?(?P<assigned>\d+)"),
)
_WORDINGS = tuple(
    # Nine digits are enough for any count, and bound what a hostile line can make of int().
    (name, re.compile(pattern.replace(r"\d+", r"\d{1,9}"), re.ASCII | re.IGNORECASE))
    for name, pattern in WORDINGS
)
_WHOLE = r"pool stats: total = \d|pool stats: Total IPs/Prefixes|IP/Prefix Address Pool stats: |IP stats - total IPs: "
_OF_CARD = r"(?:IP|Prefix) (?:pool )?stats for network card {}[^0-9]"
_NUMBER_AFTER = r"{}:? (-?\d{{1,9}})\b"


def wording_of(text: str) -> str | None:
    """The name of the wording a line is in; None where it is no pool statistic."""
    return next((name for name, pattern in _WORDINGS if pattern.search(text)), None)


def pool_stat(line: Evidence) -> PoolStat | None:
    """The statistics in a line, in whichever wording."""
    for _, pattern in _WORDINGS:
        if match := pattern.search(line.text):
            groups = match.groupdict()
            kind = groups.get("kind")
            return PoolStat(
                time=line.time,
                card=_int(groups.get("card")),
                kind="Prefix" if kind and kind.lower() == "prefix" else "IP" if kind else None,
                total=int(match["total"]),
                assigned=int(match["assigned"]),
                cooling=_int(groups.get("cooling")),
                prefixes=_int(groups.get("prefixes")),
                max_ips_per_eni=_int(groups.get("max")),
                evidence=line,
            )
    return None


def latest_stats(
    bundle: "Bundle", cards: Iterable[int] = (0,), release: tuple[int, int, int] | None = None
) -> tuple[PoolStat, ...]:
    """The newest statistics of each network card, or of the node in releases before 1.20, which do not know cards. A
    search that finds nothing reads the whole log, so `release` spares the one that cannot find anything."""
    if release and release < (1, 20, 0):
        patterns = [_WHOLE]
    elif release:
        patterns = [_OF_CARD.format(card) for card in sorted(cards)]
    else:
        patterns = ["|".join((_WHOLE, _OF_CARD.format(0))), *(_OF_CARD.format(card) for card in sorted(cards) if card)]
    lines = (bundle.latest(pattern, SOURCES) for pattern in patterns)
    return tuple(stat for line in lines if line and (stat := pool_stat(line)))


def latest_targets(bundle: "Bundle") -> PoolTargets | None:
    """The targets of the newest start of the pool manager."""
    line = bundle.latest(r"IP pool manager - (?:max pods|warm IP target)", SOURCES)
    return pool_targets(line) if line else None


def pool_targets(line: Evidence) -> PoolTargets | None:
    """The targets in a line that names them all; None for another line."""
    if "ip pool manager - " not in line.text.lower():
        return None
    return PoolTargets(
        max_pods=_labelled(line.text, "max pods"),
        warm_ip=_labelled(line.text, "warm IP target"),
        warm_prefix=_labelled(line.text, "warm prefix target"),
        warm_eni=_labelled(line.text, "warm ENI target"),
        minimum_ip=_labelled(line.text, "minimum IP target"),
        evidence=line,
    )


def using_target(bundle: "Bundle", name: str) -> tuple[int, Evidence] | None:
    """The value in the newest `Using WARM_IP_TARGET 5` line (1.5 wrote WARM-ENI-TARGET)."""
    spelled = name.replace("_", "[-_]")
    line = bundle.latest(rf"Using {spelled} \d", SOURCES)
    found = re.search(rf"Using {spelled} (\d{{1,9}})", line.text) if line else None
    return (int(found[1]), line) if found and line else None


def latest_room(bundle: "Bundle", card: int = 0) -> RoomForEni | None:
    """The newest answer to whether the card has room for another ENI."""
    pattern = rf"hasRoomForEni: networkCard={card}[^0-9]" + ("|hasRoomForEni: currentENIs=" if card == 0 else "")
    line = bundle.latest(pattern, SOURCES)
    return room_for_eni(line) if line else None


def room_for_eni(line: Evidence) -> RoomForEni | None:
    """The numbers of a hasRoomForEni line; None for another line. Numbers a release does not print stay None."""
    _, label, rest = line.text.partition("hasRoomForEni:")
    if not label:
        return None
    pairs = {key.lower(): value for key, value in re.findall(r"(\w+)=(\w+)", rest)}
    return RoomForEni(
        card=_int(pairs.get("networkcard")),
        current=_int(pairs.get("currentenis")),
        max_eni=_int(pairs.get("maxeni")),
        unmanaged=_int(pairs.get("unmanagedeni")),
        trunk=_int(pairs.get("trunkeni")),
        excluded=_int(pairs.get("excludedeni")),
        has_room=as_flag(pairs.get("hasroom")),
        evidence=line,
    )


def latest_max_ips(bundle: "Bundle") -> tuple[int, int, Evidence] | None:
    """(addresses per ENI, prefixes per ENI, line) as ipamd reckons at its start; the second is 0 without prefixes."""
    line = bundle.latest(r"Max ip per ENI \d+ and max prefixes per ENI \d+", SOURCES)
    found = re.search(r"Max ip per ENI (\d{1,9}) and max prefixes per ENI (\d{1,9})", line.text) if line else None
    return (int(found[1]), int(found[2]), line) if found and line else None


def latest_too_low(bundle: "Bundle") -> PoolTooLow | None:
    """The newest complaint that the pool is too low."""
    line = bundle.latest(r"IP pool is too low", SOURCES)
    return pool_too_low(line) if line else None


def pool_too_low(line: Evidence) -> PoolTooLow | None:
    """The numbers of a complaint; None for another line (`IP pool is NOT too low` is one)."""
    found = re.search(
        r"IP pool is too low(?: for Network Card (\d+))?: available \((-?\d{1,9})\) < ENI target \((\d{1,9})\) "
        r"\* addrsPerENI \((\d{1,9})\)",
        line.text,
    )
    return PoolTooLow(_int(found[1]), int(found[2]), int(found[3]), int(found[4]), line) if found else None


def _labelled(text: str, label: str) -> int | None:
    found = re.search(_NUMBER_AFTER.format(re.escape(label)), text, re.IGNORECASE)
    return int(found[1]) if found else None


def _int(text: str | None) -> int | None:
    return int(text) if text and len(text) < 10 and text.isascii() and text.isdigit() else None
