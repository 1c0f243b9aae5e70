"""A scenario as it is written down: what one YAML file of fixtures/scenarios may say, read strictly.

A wrong key, mode or duration is an error that names the file, so a description never silently means less than it says.
"""

import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

CNI_RELEASES = {"1.7": (1, 7, 10), "1.11": (1, 11, 4), "1.20": (1, 20, 4), "1.23": (1, 23, 0)}
MODES = ("secondary_ip", "prefix", "custom_networking", "ipv6")
LAYOUTS = ("shell", "node_agent")
_NEVER_JOINED = {
    "aws_node": "absent",
    "ipamd": "down",
    "ipamd_worked_until": "never",
    "kube_proxy": "never",
    "network_policy_agent": "down",
    "enis": [{}],
}
KINDS = ("", "auto_mode", "bottlerocket")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class BadScenario(ValueError):
    """A description that cannot be built; the message names the file and the field."""


@dataclass(frozen=True, slots=True)
class Eni:
    """One network interface. Addresses are those it holds for pods (its own primary address is not among them).

    With `prefixes` the interface holds that many /28 blocks (IPv6: one /80) and `free` follows from them."""

    assigned: int = 0
    cooling: int = 0
    free: int = 0
    prefixes: int = 0
    trunk: bool = False
    excluded: bool = False
    unmanaged: bool = False
    """Tagged no_manage: ipamd leaves it alone and reckons with one slot less."""
    unknown: bool = False
    """Attached to the instance without ipamd's knowledge: not in its datastore, not in its reckoning."""

    @property
    def total(self) -> int:
        return 16 * self.prefixes if self.prefixes else self.assigned + self.cooling + self.free


@dataclass(frozen=True, slots=True)
class Pool:
    """What ipamd's pool held before `until`, where the log should show that it was once smaller or larger."""

    until: timedelta
    total: int
    assigned: int
    cooling: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the story: a line of a log (`log`, `text`) or a named happening that leaves lines in several logs.

    `error` is an EC2 error; `${error}` in the text becomes its spelling in that CNI generation's AWS SDK."""

    at: str
    log: str = ""
    happens: str = ""
    every: str = ""
    times: int = 1
    level: str = "info"
    caller: str = ""
    text: str = ""
    raw: bool = False
    program: str = ""
    error: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """The node as described. Durations count back from the capture time."""

    type: str = "m5.large"
    cni: str = "1.20"
    captured: datetime = datetime(2026, 11, 20, 14, 30, 20, tzinfo=UTC)
    booted: timedelta = timedelta(hours=26)
    os: str = ""
    mode: str = "secondary_ip"
    layout: str = "shell"
    network: str = "vpc-cni"
    env: dict[str, str] = field(default_factory=dict)
    enis: tuple[Eni, ...] = (Eni(assigned=7, free=2), Eni(free=9))
    pool_before: tuple[Pool, ...] = ()
    ipamd: str = "up"
    ipamd_worked_until: timedelta | None = timedelta()
    """None (`never`): ipamd never became ready, so there is no conflist and no steady log."""
    ipamd_started: timedelta | None = None
    introspection: str = "full"
    aws_node: str = "present"
    kube_proxy: str = "up"
    network_policy_agent: str = "up"
    joined: bool = True
    """False: kubelet never registered the node, so no pod ever ran here (what follows from it is set by itself)."""
    kubelet: str = "up"
    kubelet_worked_until: timedelta = timedelta()
    efs: bool = False
    """The node pod of the EFS CSI driver runs here."""
    capture_errors: tuple[str, ...] = ()
    max_pods: int = 0
    kubernetes: str = ""
    truncate_bytes: int = 0
    """How many bytes are cut off the end of the archive."""
    edit: dict[str, dict[str, str]] = field(default_factory=dict)
    """Member name -> {regular expression: what stands there instead (\\1 is its first group)}; each must match."""
    files: dict[str, str | None] = field(default_factory=dict)
    """Member name -> its whole text, for files that a healthy node does not have or that say something else altogether;
    null: this node's bundle lacks that file."""
    kind: str = ""
    """What the node agent found: a node of EKS Auto Mode or of Bottlerocket."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What AWS says a little after the capture, where it was asked. `free` and `free_28s` are of the subnet that the node
    asks; ENIs that ipamd does not know are listed as the CNI's own (`lost`) or as another's."""

    free: int | None = None
    free_28s: int | None = None
    orphaned_enis: int = 0
    orphaned_addresses: int = 0
    unknown_enis: str = "lost"
    addon: str = ""
    addon_fits: bool | None = None
    addon_issues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expect:
    """What a diagnosis of the bundle must come to. `root_cause` None: no cause is supported."""

    root_cause: str | None = None
    stand: str = "supported"
    when: str = "at_capture"
    also: tuple[str, ...] = ()
    """Further causes that are supported too, in any order."""
    ruled_out: tuple[str, ...] = ()
    not_supported: tuple[str, ...] = ()
    not_applicable: tuple[str, ...] = ()
    readings: dict[str, int | float | str | bool | None] = field(default_factory=dict)
    truncated: bool = False
    none_is_fine: bool = False
    """A fault that healed long ago or at boot: naming no cause is right as well."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """A whole scenario file."""

    name: str
    title: str
    node: NodeSpec
    story: tuple[Event, ...]
    expect: Expect
    facts: Facts | None = None


def duration(text: object) -> timedelta:
    """`90s`, `5m`, `26h`, `2d`, `1h30m`; a sign in front is dropped, for all durations of a node count back."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", str(text))
    if not parts or "".join(a + b for a, b in parts) != str(text).lstrip("+-"):
        raise ValueError(f"{text!r} is no duration such as 90s, 5m, 26h or 2d")
    return timedelta(seconds=sum(float(a) * _UNITS[b] for a, b in parts))


def moment(text: str, captured: datetime, boot: datetime) -> datetime:
    """`-90s` before the capture, or `boot+40s` after the boot."""
    return boot + duration(text[5:]) if text.startswith("boot+") else captured - duration(text)


def read(path: Path) -> Description:
    """The description in `path`; raises BadScenario for anything it does not understand.

    `like: NAME` takes node and story of another scenario, so that only the difference is written: keys of `node` go over
    its own, `story` replaces its story, or `without` (places in it, from 0) and `more` (further steps) change it."""
    try:
        raw = _merged(path)
        _only(raw, {"title", "node", "story", "expect", "facts"})
        return Description(
            name=path.stem,
            title=raw["title"],
            node=_node(raw.get("node") or {}),
            story=tuple(_event(e) for e in raw.get("story") or ()),
            expect=_expect(raw["expect"]),
            facts=_facts(raw["facts"]) if "facts" in raw else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadScenario(f"{path.name}: {error}") from error


def _merged(path: Path) -> dict:
    """The description with what it takes from another one."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "like" not in raw:
        return raw
    _only(raw, {"title", "like", "node", "story", "without", "more", "expect", "facts"})
    base = _merged(path.with_name(f"{raw['like']}.yaml"))
    kept = [step for n, step in enumerate(base.get("story") or ()) if n not in raw.get("without", ())]
    story = raw.get("story", kept + raw.get("more", []))
    return {
        "title": raw["title"],
        "node": _over(base.get("node") or {}, raw.get("node") or {}),
        "story": story,
        "expect": raw["expect"],
    } | ({"facts": raw["facts"]} if "facts" in raw else {})


def _over(base: dict, more: dict) -> dict:
    """`base` with the keys of `more` put over it; null takes a key away."""
    out = dict(base)
    for key, value in more.items():
        out[key] = _over(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return {k: v for k, v in out.items() if v is not None}


def _only(raw: dict, known: set[str]) -> None:
    unknown = sorted(set(raw) - known)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")


def _keys(kind: type) -> set[str]:
    return {f.name for f in fields(kind)}


def _node(raw: dict) -> NodeSpec:
    _only(raw, _keys(NodeSpec))
    out = dict(raw) if raw.get("joined", True) else {**_NEVER_JOINED, **raw}
    for key in ("booted", "ipamd_started", "kubelet_worked_until"):
        if key in out:
            out[key] = duration(out[key])
    if "ipamd_worked_until" in out:
        text = out["ipamd_worked_until"]
        out["ipamd_worked_until"] = None if text == "never" else duration(text)
    if "captured" in out:
        time = out["captured"]
        out["captured"] = time if time.tzinfo else time.replace(tzinfo=UTC)
    if "enis" in out:
        for eni in out["enis"]:
            _only(eni, _keys(Eni))
        out["enis"] = tuple(Eni(**e) for e in out["enis"])
    out["pool_before"] = tuple(Pool(**{**p, "until": duration(p["until"])}) for p in out.get("pool_before", ()))
    out["env"] = {k: str(v) for k, v in out.get("env", {}).items()}
    out["capture_errors"] = tuple(out.get("capture_errors", ()))
    spec = NodeSpec(**out)
    _closed("cni", spec.cni, tuple(CNI_RELEASES))
    _closed("mode", spec.mode, MODES)
    _closed("layout", spec.layout, LAYOUTS)
    _closed("network", spec.network, ("vpc-cni", "cilium"))
    _closed("ipamd", spec.ipamd, ("up", "down"))
    _closed("introspection", spec.introspection, ("full", "empty", "off"))
    _closed("aws_node", spec.aws_node, ("present", "absent"))
    _closed("kubelet", spec.kubelet, ("up", "down"))
    _closed("kube_proxy", spec.kube_proxy, ("up", "down", "never"))
    _closed("os", spec.os, ("", "al2", "al2023"))
    _closed("kind", spec.kind, KINDS)
    if spec.kind and spec.layout != "node_agent":
        raise ValueError(f"kind {spec.kind}: such a node is collected by the node agent only")
    return spec


def _closed(field_name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{field_name}: {value!r} is none of {', '.join(allowed)}")


def _event(raw: dict) -> Event:
    _only(raw, _keys(Event))
    event = Event(**raw)
    if bool(event.log) == bool(event.happens):
        raise ValueError(f"a step of the story needs either `log` or `happens`: {raw}")
    if event.error:
        _only(event.error, {"op", "status", "code", "message"})
    return event


def _facts(raw: dict) -> Facts:
    _only(raw, _keys(Facts))
    found = Facts(**{k: tuple(v) if k == "addon_issues" else v for k, v in raw.items()})
    _closed("unknown_enis", found.unknown_enis, ("lost", "foreign"))
    return found


def _expect(raw: dict) -> Expect:
    _only(raw, _keys(Expect))
    lists = ("also", "ruled_out", "not_supported", "not_applicable")
    return Expect(**{k: tuple(v) if k in lists else v for k, v in raw.items()})
