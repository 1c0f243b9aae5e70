"""Section cni: which VPC CNI runs, how it is configured, and whether the runtime uses it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section
from .readers.cni_release import read_image
from .readers.cni_settings import DEFAULTS
from .readers.conflist import CniConfig, in_force, read_configs
from .readers.interfaces import Interface, read_interfaces
from .readers.link_policy import mac_address_policy
from .readers.node_identity import system_of
from .readers.vpc_cni import VpcCni, conclude, read_vpc_cni

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("cni-config", "cni-env", "ipamd-env", "networkutils-env", "ifconfig", "systemd-network")
_RUNTIME_LOGS = ("kubelet-log", "containerd-log")
_ALWAYS_SHOWN = (
    "WARM_ENI_TARGET",
    "WARM_IP_TARGET",
    "MINIMUM_IP_TARGET",
    "WARM_PREFIX_TARGET",
    "ENABLE_PREFIX_DELEGATION",
)

_TELLING = 3
"""So many pods with an address are more than one that just starts or ends."""
_ZERO_IS_UNSET = ("WARM_IP_TARGET", "MINIMUM_IP_TARGET")


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section. not_applicable: another CNI gives the addresses, and nothing of the VPC CNI runs."""
    configs, interfaces = read_configs(bundle), read_interfaces(bundle)
    cni = read_vpc_cni(bundle, facts)
    chosen = in_force(configs)
    coverage = tuple(bundle.coverage(source) for source in SOURCES)
    readings = (*_identity(bundle, cni), *_conflist(chosen), *_settings(cni))
    if chosen and not chosen.aws and not any(c.aws for c in configs) and cni.pool.datastore is None:
        return Section("cni", "not_applicable", readings, (), coverage)
    issues = (
        *_config_issues(bundle, configs, cni),
        *_mtu_issues(chosen, interfaces),
        *_interface_issues(chosen, cni, interfaces),
        *_link_issue(bundle),
        *_setting_issues(cni),
    )
    return Section("cni", conclude(chosen is not None or bool(cni.settings.read), issues), readings, issues, coverage)


def _identity(bundle: "Bundle", cni: VpcCni) -> Iterator[Reading]:
    release, (image, image_ref) = cni.release, read_image(bundle, cni.settings)
    if release:
        yield Reading("version", release.text, ref=release.ref, note=release.origin)
    else:
        yield Reading("version", None, note="neither log, metrics, environment nor image tell it")
    yield Reading("image", image, ref=image_ref)
    yield Reading("mode", cni.mode, note=_mode_note(cni))


def _mode_note(cni: VpcCni) -> str:
    if cni.settings.flag("ENABLE_PREFIX_DELEGATION") and cni.mode in ("secondary_ip", "custom_networking"):
        return "prefix delegation is asked for, but this instance type cannot do it: ipamd uses single addresses"
    return "" if cni.settings.container else "the environment of aws-node is not in the bundle"


def _conflist(chosen: CniConfig | None) -> Iterator[Reading]:
    ref = chosen.head.ref if chosen and chosen.head else None
    yield Reading("ipam_owner", chosen.owner if chosen else None, ref=ref)
    ours = chosen is not None and chosen.aws and chosen.file.endswith("/10-aws.conflist")
    yield Reading("conflist", chosen.file if chosen else None, ref=ref, note="the file the container runtime takes", usual=ours)
    if chosen is None or not chosen.aws:
        return
    mode, plugins = chosen.enforcing_mode, ", ".join(chosen.plugins)
    yield Reading("conflist_name", chosen.name or None, ref=ref, usual=chosen.name == "aws-cni")
    yield Reading("conflist_mtu", chosen.mtu, "bytes", chosen.mtu_ref, usual=str(chosen.mtu) == DEFAULTS["AWS_VPC_ENI_MTU"])
    prefix = chosen.veth_prefix
    yield Reading("conflist_veth_prefix", prefix or None, ref=ref, usual=prefix == DEFAULTS["AWS_VPC_K8S_CNI_VETHPREFIX"])
    usual = mode == DEFAULTS["POD_SECURITY_GROUP_ENFORCING_MODE"]
    yield Reading("conflist_enforcing_mode", mode or None, ref=ref, usual=usual)
    yield Reading("conflist_plugins", plugins, ref=ref, usual=plugins == "aws-cni, egress-cni, portmap")


def _settings(cni: VpcCni) -> Iterator[Reading]:
    """Each setting under its own name, with where it was read; defaults only of those that decide the pool."""
    for name in DEFAULTS:
        setting = cni.settings.get(name)
        if name not in cni.settings.read and name not in _ALWAYS_SHOWN:
            continue
        note = setting.origin + ("" if cni.settings.known(name) else "; the environment of aws-node is not in the bundle")
        spelled = "" if name in _ZERO_IS_UNSET and setting.value == "0" else setting.value
        usual = setting.value == DEFAULTS[name] and name not in _ALWAYS_SHOWN
        yield Reading(name, spelled or "not set", ref=setting.ref, scope="settings", note=note, usual=usual)
    targets = cni.targets
    known = all(cni.settings.known(n) for n in ("WARM_IP_TARGET", "MINIMUM_IP_TARGET"))
    note = f"overrides {' and '.join(targets.overridden)}"
    yield Reading("deciding_target", targets.deciding if known else None, note=note if known else "")
    in_force = {
        "ip": (
            ("warm_ip_target", targets.warm_ip, "addresses"),
            ("minimum_ip_target", targets.minimum_ip, "addresses"),
        ),
        "prefix": (("warm_prefix_target", targets.warm_prefix, "prefixes"),),
        "eni": (("warm_eni_target", targets.warm_eni, "ENIs"),),
    }
    for name, value, unit in in_force[targets.deciding] if known else ():
        yield Reading(f"effective_{name}", value, unit, cni.settings.get(name.upper()).ref)


def _config_issues(bundle: "Bundle", configs: tuple[CniConfig, ...], cni: VpcCni) -> Iterator[Issue]:
    chosen = in_force(configs)
    ours = next((c for c in configs if c.aws), None)
    if chosen is None:
        line = bundle.latest(r"cni plugin not initialized|No networks found in /etc/cni/net\.d", _RUNTIME_LOGS)
        recent = line if line and line.time and abs((bundle.captured - line.time).total_seconds()) <= 900 else None
        if recent or bundle.coverage("cni-env").readable:
            title = "No CNI configuration on the node: aws-node writes it once ipamd is healthy, so ipamd was never ready"
            yield Issue("cni.conflist_missing", title, "high", (recent,) if recent else (), _NEVER_READY, "echo", 2)
    elif ours and not chosen.aws:
        title = f"{chosen.file} ({chosen.owner}) comes before {ours.file}: the runtime does not use the VPC CNI"
        quotes = tuple(e for e in (chosen.head, ours.head) if e)
        yield Issue("cni.foreign_conflist", title, "high", quotes, ("cni_plugin",), weight=4)
    for config in configs:
        if config.aws and config.placeholders:
            title = f"{config.file} still holds placeholders: the entrypoint of aws-node did not fill it in"
            yield Issue("cni.conflist_placeholder", title, "high", config.placeholders[:3], ("cni_plugin",), weight=4)


_NEVER_READY = ("ip_allocation.ipamd_crash", "ip_allocation.kube_proxy_down", "ip_allocation.aws_node_absent")


def _mtu_issues(chosen: CniConfig | None, interfaces: tuple[Interface, ...]) -> Iterator[Issue]:
    """Pods that may send longer packets than an ENI takes lose them; the other way round costs throughput only."""
    if chosen is None or not chosen.aws or chosen.mtu is None:
        return
    mtu = chosen.mtu
    small = [i for i in interfaces if i.kind == "eni" and i.mtu is not None and i.mtu < mtu]
    if small:
        names = ", ".join(f"{i.name} {i.mtu}" for i in small[:4])
        title = f"Pods are given an MTU of {mtu}, above that of the host's interface ({names})"
        yield Issue("cni.mtu_mismatch", title, "medium", _quotes(small), ("mtu",), weight=4)
    pods = [i for i in interfaces if i.kind == "pod" and i.name.startswith(chosen.veth_prefix or "eni")]
    stale = [i for i in pods if i.mtu not in (None, mtu)]
    if stale:
        title = f"{len(stale)} pod interfaces have another MTU than the configuration's {mtu}: made before a change"
        yield Issue("cni.pod_mtu_stale", title, "low", _quotes(stale), ("mtu",), weight=2)


def _interface_issues(chosen: CniConfig | None, cni: VpcCni, interfaces: tuple[Interface, ...]) -> Iterator[Issue]:
    """Pods hold addresses of ipamd, but the host's pod interfaces all bear another prefix than the configuration's: who
    made the pods' network used another configuration."""
    pool, prefix = cni.pool.datastore, (chosen.veth_prefix or "eni") if chosen and chosen.aws else None
    held = [a for e in pool.enis for c in e.cidrs for a in c.assigned] if pool else []
    pods = [i for i in interfaces if i.kind == "pod"]
    if prefix is None or chosen is None or len(held) < _TELLING or not pods or any(i.name.startswith(prefix) for i in pods):
        return
    title = f"{len(held)} pods hold an address, but no interface of the host begins with the configuration's prefix {prefix}"
    quotes = tuple(e for e in (chosen.head, *(i.evidence for i in pods[:2])) if e)
    yield Issue("cni.interfaces_missing", title, "medium", quotes, ("cni_plugin",), weight=2)


def _link_issue(bundle: "Bundle") -> Iterator[Issue]:
    policy, row = mac_address_policy(bundle)
    system = system_of(bundle)
    if row is not None and policy not in (None, "none") and system is not None and system.value == "Ubuntu":
        title = f"systemd gives new interfaces MAC addresses of its own (MACAddressPolicy={policy}): the pods' ARP entries go stale"
        yield Issue("cni.mac_address_policy", title, "medium", (row.evidence,), ("cni_plugin",), weight=2)


def _quotes(interfaces: list[Interface]) -> tuple[Evidence, ...]:
    return tuple(i.evidence for i in interfaces[:3])


def _setting_issues(cni: VpcCni) -> Iterator[Issue]:
    settings, targets = cni.settings, cni.targets
    asked = settings.flag("ENABLE_PREFIX_DELEGATION")
    # A pool that answers shows that ipamd did start, whatever the environment says now.
    empty = targets.deciding != "ip" and not targets.warm_prefix
    if asked and settings.container and empty and cni.pool.datastore is None:
        title = "Prefix delegation with WARM_PREFIX_TARGET=0 and no IP target: ipamd refuses to start so"
        quotes = settings.evidence("ENABLE_PREFIX_DELEGATION", "WARM_PREFIX_TARGET", "WARM_IP_TARGET")
        yield Issue("cni.prefix_target_zero", title, "high", quotes, ("ip_allocation.ipamd_crash",), weight=4)
    if settings.flag("ENABLE_IPv6") and settings.flag("ENABLE_IPv4"):
        title = "IPv4 and IPv6 are both switched on: ipamd refuses to run dual stack"
        quotes = settings.evidence("ENABLE_IPv4", "ENABLE_IPv6")
        causes = ("ip_allocation.ipamd_crash", "ip_allocation.ipv6_prefix")
        yield Issue("cni.dual_stack", title, "high", quotes, causes)
    if settings.flag("ENABLE_IPv6") and settings.flag("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"):
        title = "Custom networking is switched on with IPv6, which ipamd refuses"
        quotes = settings.evidence("ENABLE_IPv6", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG")
        yield Issue("cni.ipv6_custom_networking", title, "high", quotes, ("ip_allocation.ipv6_prefix",))
    if asked and cni.mode in ("secondary_ip", "custom_networking"):
        quotes = settings.evidence("ENABLE_PREFIX_DELEGATION")
        title = "Prefix delegation is asked for on an instance type that cannot do it"
        yield Issue("cni.prefix_unsupported", title, "low", quotes, ("ip_allocation.eni_limit",), "context", 2)
