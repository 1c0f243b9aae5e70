"""The VPC CNI of one node, read once: what the cni, ipamd and eni sections all rest on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Issue, NodeFacts, Outcome
from .capacity import CniMode
from .cni_release import Release, read_release
from .cni_settings import Settings, Targets, effective_targets, read_settings
from .datastore import DEFAULT_COOLDOWN_S, Datastore, DatastoreRead, Eni, read_datastore
from .node_size import InstanceType, read_instance_type
from .state_files import PrometheusRead, metrics_file

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle


@dataclass(frozen=True, slots=True)
class VpcCni:
    """Settings, pool and size of the node. `mode` is the mode in effect, not the one asked for."""

    settings: Settings
    metrics: PrometheusRead
    pool: DatastoreRead
    release: Release | None
    instance: InstanceType | None
    mode: CniMode
    targets: Targets

    @property
    def prefixes(self) -> bool | None:
        """Whether addresses are handed out of prefixes; None where unknown or where the pool has nothing of that kind
        (the setting was changed and the pool not yet)."""
        wanted = {"secondary_ip": False, "custom_networking": False, "prefix": True, "custom_networking_prefix": True}
        prefixes = wanted.get(self.mode)
        stock = self.pool.datastore
        if prefixes is None or stock is None or stock.uses_prefixes() == (not prefixes):
            return None
        return prefixes

    @property
    def custom_networking(self) -> bool:
        return self.mode.startswith("custom_networking")


def read_vpc_cni(bundle: "Bundle", facts: NodeFacts | None) -> VpcCni:
    """Everything about the VPC CNI that more than one section needs; read once a bundle."""
    key = "vpc_cni" if facts is None else f"vpc_cni of {id(facts)}"
    known = bundle.memo.get(key)
    if not isinstance(known, VpcCni):
        bundle.memo[key] = known = _read(bundle, facts)
    return known


def _read(bundle: "Bundle", facts: NodeFacts | None) -> VpcCni:
    settings, metrics = read_settings(bundle), metrics_file(bundle)
    cooldown_s = settings.number("IP_COOLDOWN_PERIOD")
    pool = read_datastore(bundle, DEFAULT_COOLDOWN_S if cooldown_s is None or cooldown_s < 0 else cooldown_s)
    instance = read_instance_type(bundle, facts)
    mode = mode_of(settings, pool.datastore, instance)
    return VpcCni(
        settings=settings,
        metrics=metrics,
        pool=pool,
        release=read_release(bundle, settings, metrics),
        instance=instance,
        mode=mode,
        targets=effective_targets(settings, mode.endswith("prefix")),
    )


def mode_of(settings: Settings, stock: Datastore | None, instance: InstanceType | None) -> CniMode:
    """How pods get addresses: by the settings, and where these are not in the bundle, by what the pool holds."""
    if settings.flag("ENABLE_IPv6"):
        return "ipv6"
    enis: tuple[Eni, ...] = stock.enis if stock else ()
    if any(eni.ipv6 for eni in enis) and not any(eni.cidrs for eni in enis):
        return "ipv6"
    if settings.known("ENABLE_PREFIX_DELEGATION"):
        able = instance is None or instance.limits is None or instance.limits.prefix_delegation
        prefix: bool | None = settings.flag("ENABLE_PREFIX_DELEGATION") and able
    else:
        prefix = stock.uses_prefixes() if stock else None
    known = settings.known("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG")
    custom = settings.flag("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") if known else _primary_gives_none(enis)
    if prefix is None or custom is None:
        return "unknown"
    if custom:
        return "custom_networking_prefix" if prefix else "custom_networking"
    return "prefix" if prefix else "secondary_ip"


def _primary_gives_none(enis: Iterable[Eni]) -> bool | None:
    """Whether only secondary ENIs hold pod addresses; None where there is nothing to tell by."""
    holding = [eni for eni in enis if eni.cidrs and eni.card == 0]
    return not any(eni.primary for eni in holding) if holding else None


def conclude(known: bool, issues: Iterable[Issue]) -> Outcome:
    """The outcome of a section: an issue of medium severity or more is a problem; without one, what could not be seen
    is unknown, never ok. Context (what is worth knowing and harmless) is no problem."""
    if any(i.severity in ("critical", "high", "medium") and i.role != "context" for i in issues):
        return "problem"
    return "ok" if known else "unknown"
