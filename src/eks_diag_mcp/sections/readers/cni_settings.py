"""The settings the VPC CNI works with, each with the place it was read at.

Most knobs stand only in the container spec of aws-node (cni/cni-configuration-variables-*): ipamd's own dump of
settings has five keys. Where both name a setting, ipamd's answer wins: it is the running process, while the spec may be
of a stopped container. Without either, the line in which ipamd names its targets counts, and last the default."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ...model import Evidence, LineRef
from .containers import read_container_ids
from .pool_log import latest_targets, using_target
from .state_files import JsonDocument, as_flag, as_int, as_list, as_map, as_text, json_file, quote, read_json

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

Origin = Literal["ipamd", "container spec", "log", "default"]

DEFAULTS: Mapping[str, str] = {
    "WARM_ENI_TARGET": "1",
    "WARM_IP_TARGET": "",
    "MINIMUM_IP_TARGET": "",
    "WARM_PREFIX_TARGET": "",
    "ENABLE_PREFIX_DELEGATION": "false",
    "MAX_ENI": "",
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "false",
    "ENI_CONFIG_LABEL_DEF": "k8s.amazonaws.com/eniConfig",
    "ENI_CONFIG_ANNOTATION_DEF": "k8s.amazonaws.com/eniConfig",
    "ENABLE_SUBNET_DISCOVERY": "true",
    "ENABLE_POD_ENI": "false",
    "POD_SECURITY_GROUP_ENFORCING_MODE": "strict",
    "IP_COOLDOWN_PERIOD": "30",
    "DISABLE_NETWORK_RESOURCE_PROVISIONING": "false",
    "ENABLE_IMDS_ONLY_MODE": "false",
    "AWS_MANAGE_ENIS_NON_SCHEDULABLE": "false",
    "DISABLE_LEAKED_ENI_CLEANUP": "false",
    "MANAGE_UNTAGGED_ENI": "true",
    "ENABLE_MULTI_NIC": "false",
    "ENABLE_IPv4": "true",
    "ENABLE_IPv6": "false",
    "AWS_VPC_ENI_MTU": "9001",
    "POD_MTU": "",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
    "AWS_VPC_K8S_CNI_RANDOMIZESNAT": "prng",
    "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "",
    "AWS_EXTERNAL_SERVICE_CIDRS": "",
    "AWS_VPC_K8S_CNI_VETHPREFIX": "eni",
    "AWS_VPC_CNI_NODE_PORT_SUPPORT": "true",
    "DISABLE_INTROSPECTION": "false",
    "DISABLE_METRICS": "false",
    "NETWORK_POLICY_ENFORCING_MODE": "standard",
    "ANNOTATE_POD_IP": "false",
    "AWS_VPC_K8S_CNI_LOGLEVEL": "DEBUG",
    "AWS_EC2_ENDPOINT": "",
    "CLUSTER_ENDPOINT": "",
}
"""What the code does when a variable is not set; "" = nothing. (The manifest sets WARM_PREFIX_TARGET=1.)"""

_OF_IPAMD = (
    "WARM_IP_TARGET",
    "WARM_ENI_TARGET",
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
    "AWS_MANAGE_ENIS_NON_SCHEDULABLE",
    "ENABLE_SUBNET_DISCOVERY",
)
_OF_NETWORKUTILS = (
    "AWS_VPC_K8S_CNI_EXTERNALSNAT",
    "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS",
    "AWS_EXTERNAL_SERVICE_CIDRS",
    "AWS_VPC_ENI_MTU",
    "AWS_VPC_K8S_CNI_VETHPREFIX",
    "AWS_VPC_CNI_NODE_PORT_SUPPORT",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `value` "" = not set. `evidence` quotes where it stands; None for a default."""

    name: str
    value: str
    origin: Origin = "default"
    evidence: Evidence | None = None

    @property
    def ref(self) -> LineRef | None:
        return self.evidence.ref if self.evidence else None


@dataclass(frozen=True, slots=True)
class CniContainer:
    """The container whose environment was read."""

    id: str
    image: str
    env: Mapping[str, Setting]
    running: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings. `container` None: the environment of aws-node is not in the bundle, so a default stands
    for whatever may have been set."""

    read: Mapping[str, Setting] = field(default_factory=dict)
    container: CniContainer | None = None

    def get(self, name: str) -> Setting:
        return self.read.get(name) or Setting(name, DEFAULTS.get(name, ""))

    def number(self, name: str) -> int | None:
        """A whole number; None where it is not set (or no number, which ipamd ignores as well)."""
        return as_int(self.get(name).value)

    def flag(self, name: str) -> bool:
        """A switch; its default where it is set to no boolean."""
        value = as_flag(self.get(name).value)
        return value if value is not None else as_flag(DEFAULTS.get(name)) is True

    def known(self, name: str) -> bool:
        """Whether the effective value is certain: it was read, or the whole environment was and it is not in it."""
        return name in self.read or self.container is not None

    def evidence(self, *names: str) -> tuple[Evidence, ...]:
        """Quotes of those of the named settings that were read."""
        return tuple(e for name in names if (e := self.get(name).evidence))


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets in force. WARM_IP_TARGET or MINIMUM_IP_TARGET, once set, override the other two; with prefixes
    WARM_PREFIX_TARGET takes the place of WARM_ENI_TARGET. 0 = not set."""

    deciding: Literal["ip", "prefix", "eni"]
    warm_ip: int
    minimum_ip: int
    warm_prefix: int
    warm_eni: int

    @property
    def overridden(self) -> tuple[str, ...]:
        if self.deciding == "ip":
            return ("WARM_ENI_TARGET", "WARM_PREFIX_TARGET")
        return ("WARM_ENI_TARGET",) if self.deciding == "prefix" else ("WARM_PREFIX_TARGET",)


def effective_targets(settings: Settings, prefixes: bool) -> Targets:
    """The targets by precedence. Negative values count as not set, as in ipamd."""
    warm_ip, minimum_ip, warm_prefix = (
        max(settings.number(name) or 0, 0) for name in ("WARM_IP_TARGET", "MINIMUM_IP_TARGET", "WARM_PREFIX_TARGET")
    )
    warm_eni = settings.number("WARM_ENI_TARGET")
    deciding: Literal["ip", "prefix", "eni"] = "ip" if warm_ip or minimum_ip else "prefix" if prefixes else "eni"
    return Targets(deciding, warm_ip, minimum_ip, warm_prefix, 1 if warm_eni is None or warm_eni < 0 else warm_eni)


def read_settings(bundle: "Bundle") -> Settings:
    """The settings of the node's VPC CNI."""
    container = read_container(bundle)
    # The log is searched only where nothing better speaks: a target it does not name costs a look at all of it.
    read = dict(container.env) if container else dict(_from_log(bundle))
    read.update(_from_dump(bundle, "networkutils-env", _OF_NETWORKUTILS))
    read.update(_from_dump(bundle, "ipamd-env", _OF_IPAMD))
    return Settings(read, container)


def read_container(bundle: "Bundle") -> CniContainer | None:
    """The aws-node container: of those that run, else of all, the one with most CNI variables (the init container and
    the network policy agent carry few)."""
    running = read_container_ids(bundle).running
    found = [
        container
        for file in bundle.texts("cni-env")
        for document in read_json(file.text, file.truncated).documents
        for container in _containers(file, document, running)
    ]
    best = max(found, key=lambda c: (c.running, len(c.env)), default=None)
    if best and not best.env:
        best = max(found, key=lambda c: len(c.env))
    return best if best and best.env else None


def _containers(file: "FileText", document: JsonDocument, running: frozenset[str]) -> Iterator[CniContainer]:
    """`ctr container info` gives an object, `docker inspect` an array of them."""
    for item in as_list(document.value) or [document.value]:
        row = as_map(item)
        config = as_map(row.get("Config"))
        process = as_map(as_map(row.get("Spec")).get("process"))
        name = as_text(row.get("ID")) or as_text(row.get("Id"))
        env: dict[str, Setting] = {}
        for entry in as_list(process.get("env")) or as_list(config.get("Env")):
            key, equals, value = as_text(entry).partition("=")
            if equals and (key in DEFAULTS or key == "VPC_CNI_VERSION"):
                env[key] = Setting(key, value, "container spec", _quote_variable(file, document, key))
        image = as_text(row.get("Image"))
        yield CniContainer(name, as_text(config.get("Image")) or image, env, name in running)


def _quote_variable(file: "FileText", document: JsonDocument, key: str) -> Evidence | None:
    start = file.text.find(f'"{key}=', document.start, document.end)
    if start < 0:
        return None
    end = file.text.find('"', start + 1, document.end)
    return quote("cni-env", file, start, end + 1 if end > 0 else start + len(key) + 1)


def _from_dump(bundle: "Bundle", source: str, names: tuple[str, ...]) -> Iterator[tuple[str, Setting]]:
    file, read = json_file(bundle, source)
    values = as_map(read.first)
    for name in names:
        value = values.get(name)
        if file is None or value is None:
            continue
        start = max(file.text.find(f'"{name}"'), 0)
        evidence = quote(source, file, start, min(start + len(name) + 12, len(file.text)))
        yield name, Setting(name, _spelled(value), "ipamd", evidence)


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _from_log(bundle: "Bundle") -> Iterator[tuple[str, Setting]]:
    """The targets by the log: the line that names all of them, else the lines that name one each."""
    said = latest_targets(bundle)
    if said:
        values = {
            "WARM_IP_TARGET": said.warm_ip,
            "MINIMUM_IP_TARGET": said.minimum_ip,
            "WARM_PREFIX_TARGET": said.warm_prefix,
            "WARM_ENI_TARGET": said.warm_eni,
        }
        yield from ((n, Setting(n, str(v), "log", said.evidence)) for n, v in values.items() if v is not None)
        return
    for name in ("WARM_IP_TARGET", "MINIMUM_IP_TARGET", "WARM_PREFIX_TARGET", "WARM_ENI_TARGET"):
        if used := using_target(bundle, name):
            yield name, Setting(name, str(used[0]), "log", used[1])
