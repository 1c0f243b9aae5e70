"""The node that a description means: names, ids, addresses, pods. Everything is seeded by the scenario's name."""

import hashlib
import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from .describe import CNI_RELEASES, BadScenario, Description, Eni

LIMITS = {  # instance type: network interfaces, IPv4 addresses each, vCPU, GiB
    "t3.medium": (3, 6, 2, 4),
    "t3.large": (3, 12, 2, 8),
    "m5.large": (3, 10, 2, 8),
    "m6i.large": (3, 10, 2, 8),
    "c5.xlarge": (4, 15, 4, 8),
    "m5.xlarge": (4, 15, 4, 16),
    "m5a.4xlarge": (8, 30, 16, 64),
}
KERNELS = {"al2": "5.10.227-219.884.amzn2.x86_64", "al2023": "6.1.148-173.267.amzn2023.x86_64"}
KUBERNETES = {
    "1.7": "v1.18.20-eks-8c579e",
    "1.11": "v1.23.17-eks-a59e1f0",
    "1.20": "v1.31.4-eks-aeac579",
    "1.23": "v1.34.1-eks-113cf36",
}
NO_LETTERS_THAT_SPELL = "bcdfghjklmnpqrstvwxz2456789"  # Kubernetes' own alphabet for generated names
APPS = ("web", "api", "worker", "cache", "batch")
SYSTEM_PODS = ("aws-node", "kube-proxy", "coredns", "ebs-csi-node", "eks-pod-identity-agent")


@dataclass(frozen=True, slots=True)
class Address:
    """One address in ipamd's datastore. `state` is assigned, cooling or free."""

    ip: str
    cidr: str
    eni: int
    state: str


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of this node. `ip` is its own address, or the node's for host-network pods."""

    name: str
    namespace: str
    uid: str
    sandbox: str
    container: str
    ip: str = ""
    eni: int = 0
    veth: str = ""
    since: datetime | None = None


class Node:
    """All that the file writers need to know, derived once so that every file tells the same."""

    def __init__(self, described: Description) -> None:
        spec = self.spec = described.node
        self.name_of_scenario = described.name
        self.rng = random.Random(described.name)
        if spec.type not in LIMITS:
            raise BadScenario(f"{described.name}: no limits known for instance type {spec.type}")
        self.max_enis, self.ips_each, self.cpus, self.gib = LIMITS[spec.type]
        self.release = CNI_RELEASES[spec.cni]
        self.version = "v" + ".".join(map(str, self.release))
        self.os = spec.os or ("al2" if self.release < (1, 20) else "al2023")
        self.docker = self.release < (1, 9)
        self._times()
        self._names()
        self.prefix = spec.mode in ("prefix", "ipv6") or any(e.prefixes for e in spec.enis)
        self.ipv6 = spec.mode == "ipv6"
        self.custom = spec.mode == "custom_networking"
        self._interfaces(described.name)
        self.addresses = [a for i, eni in enumerate(spec.enis) for a in self._addresses(i, eni)]
        self._pods()

    # ---- derived facts ------------------------------------------------------------------------------------------
    def at_least(self, *release: int) -> bool:
        """Whether this node's CNI release is that one or newer."""
        return self.release >= release

    def hexid(self, digits: int) -> str:
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def word(self, letters: int) -> str:
        return "".join(self.rng.choice(NO_LETTERS_THAT_SPELL) for _ in range(letters))

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    @property
    def kubernetes(self) -> str:
        """The cluster's release: the scenario's, else one of that CNI's time."""
        return self.spec.kubernetes or KUBERNETES[self.spec.cni]

    @property
    def kernel(self) -> str:
        return KERNELS[self.os]

    @property
    def max_pods(self) -> int:
        """As nodeadm and bootstrap.sh reckon it; AWS caps prefix mode at 110 below 30 vCPU."""
        return self.spec.max_pods or (110 if self.prefix else self.max_enis * self.slots + 2)

    @property
    def vpc_cni(self) -> bool:
        return self.spec.network == "vpc-cni"

    @property
    def has_aws_node(self) -> bool:
        return self.vpc_cni and self.spec.aws_node == "present"

    @property
    def ipamd_up(self) -> bool:
        return self.has_aws_node and self.spec.ipamd == "up"

    @property
    def ipamd_was_ready(self) -> bool:
        return self.has_aws_node and self.spec.ipamd_worked_until is not None

    @property
    def slots(self) -> int:
        """Addresses (or prefixes) an interface can hold beside its own primary address."""
        return self.ips_each - 1

    @property
    def ips_per_eni(self) -> int:
        """What ipamd calls maxIPsPerENI."""
        return self.slots * (16 if self.prefix else 1)

    @property
    def managed(self) -> list[int]:
        """Indices of the interfaces in ipamd's datastore."""
        return [i for i, e in enumerate(self.spec.enis) if not e.unmanaged and not e.unknown]

    @property
    def usable_enis(self) -> int:
        """The instance limit without interfaces tagged no_manage, as ipamd reckons it."""
        return self.max_enis - sum(e.unmanaged for e in self.spec.enis)

    def count(self, state: str) -> int:
        return sum(a.state == state for a in self.addresses)

    @property
    def total(self) -> int:
        return 1 << 48 if self.ipv6 else sum(self.spec.enis[i].total for i in self.managed)

    @property
    def assigned(self) -> int:
        return self.count("assigned")

    @property
    def cooling(self) -> int:
        return self.count("cooling")

    def pool_at(self, when: datetime) -> tuple[int, int, int]:
        """total, assigned, cooling as ipamd's log tells them at that time."""
        for past in self.spec.pool_before:
            if when < self.captured - past.until:
                return past.total, past.assigned, past.cooling
        cooling = self.cooling if when > self.captured - timedelta(minutes=10) else 0
        return self.total, self.assigned, cooling

    # ---- building -----------------------------------------------------------------------------------------------
    def _times(self) -> None:
        spec = self.spec
        self.captured = spec.captured
        self.boot = spec.captured - spec.booted
        started = spec.captured - spec.ipamd_started if spec.ipamd_started else self.boot + timedelta(seconds=70)
        self.ipamd_started = max(started, self.boot + timedelta(seconds=50))
        worked = spec.ipamd_worked_until
        self.ipamd_worked_until = None if worked is None else spec.captured - worked

    def _names(self) -> None:
        digest = hashlib.sha256(self.name_of_scenario.encode()).hexdigest()
        self.instance_id = "i-0" + digest[:16]
        self.execution_id = str(uuid.UUID(digest[16:48]))
        self.region, self.zone = "us-west-2", "us-west-2b"
        self.primary, self.gateway = "10.0.16.21", "10.0.16.1"
        self.host = "ip-10-0-16-21"
        self.node_name = f"{self.host}.{self.region}.compute.internal"
        self.subnet, self.pod_subnet = f"subnet-0{self.hexid(16)}", f"subnet-0{self.hexid(16)}"
        self.security_group = f"sg-0{self.hexid(16)}"
        self.account = "111122223333"
        self.endpoint = f"{self.hexid(32).upper()}.gr7.{self.region}.eks.amazonaws.com"
        self.service_ip, self.api_ip, self.cluster_dns = "172.20.0.1", "10.0.40.9", "172.20.0.10"
        if self.spec.mode == "ipv6":
            self.service_ip, self.cluster_dns = "fd2b:8e10:44c1::1", "fd2b:8e10:44c1::a"

    def _interfaces(self, name: str) -> None:
        for i, eni in enumerate(self.spec.enis):
            held = eni.prefixes or eni.total
            if held > self.slots:
                raise BadScenario(f"{name}: ENI {i} holds {held}, {self.spec.type} allows {self.slots}")
            if eni.prefixes and not self.ipv6 and eni.assigned + eni.cooling > eni.total:
                raise BadScenario(f"{name}: ENI {i} has more addresses in use than its prefixes hold")
        if self.custom and self.spec.enis[0].total:
            raise BadScenario(f"{name}: with custom networking the primary ENI holds no pod addresses")
        if len(self.spec.enis) > self.max_enis:
            raise BadScenario(f"{name}: {len(self.spec.enis)} ENIs, {self.spec.type} takes {self.max_enis}")
        self.eni_ids = [f"eni-0{self.hexid(16)}" for _ in self.spec.enis]
        self.macs = [f"02:5b:{self.hexid(2)}:{self.hexid(2)}:{self.hexid(2)}:{i:02x}" for i in range(len(self.eni_ids))]
        first = "eth{}" if self.os == "al2" else "ens{}"
        self.nics = [first.format(i if self.os == "al2" else i + 5) for i in range(len(self.eni_ids))]
        other = "100.64.16" if self.custom else "10.0.16"
        self.eni_ips = [self.primary if i == 0 else f"{other}.{30 + i}" for i in range(len(self.eni_ids))]

    def _addresses(self, index: int, eni: Eni) -> list[Address]:
        states = ["assigned"] * eni.assigned + ["cooling"] * eni.cooling
        if not self.ipv6:
            states += ["free"] * (eni.total - len(states))
        base = f"100.64.{18 + index}" if self.custom else f"10.0.{18 + index}"
        out = []
        for n, state in enumerate(states):
            if self.ipv6:
                ip, cidr = f"2600:1f14:a1b:c203:5e1a::{n + 1:x}", "2600:1f14:a1b:c203:5e1a::/80"
            elif eni.prefixes:
                ip, cidr = f"{base}.{16 + n}", f"{base}.{16 + n // 16 * 16}/28"
            else:
                ip, cidr = f"{base}.{20 + n}", f"{base}.{20 + n}/32"
            out.append(Address(ip, cidr, index, state))
        return out

    def _pods(self) -> None:
        used = [a for a in self.addresses if a.state == "assigned"]
        self.pods = [self._pod(n, a) for n, a in enumerate(used)]
        self.system = {app: self._system_pod(app) for app in SYSTEM_PODS}
        if self.pods:
            self.system["coredns"] = self.pods[0]
        self.pending = self._pod(len(used) + 1, None)
        """The pod that the story is about when pods fail: it waits in ContainerCreating."""
        if self.spec.efs:
            self.system["efs-csi-node"] = self._system_pod("efs-csi-node")

    def _pod(self, n: int, address: Address | None) -> Pod:
        app = "coredns" if n == 0 else APPS[n % len(APPS)]
        name = f"{app}-{self.hexid(9)}-{self.word(5)}"
        namespace = "kube-system" if n == 0 else ("shop" if n % 3 else "default")
        latest = max(60, min(int((self.captured - self.boot).total_seconds()) - 120, 54000))
        since = self.captured - timedelta(seconds=self.rng.randint(30, latest))
        where = (address.ip, address.eni) if address else ("", 0)
        return Pod(name, namespace, self.uuid(), self.hexid(64), self.hexid(64), *where, "eni" + self.hexid(11), since)

    def pod_of(self, app: str) -> Pod:
        """The node's pod of that DaemonSet; one that not every node has is there from when it is first asked for."""
        if app not in self.system:
            self.system[app] = self._system_pod(app)
        return self.system[app]

    def _system_pod(self, app: str) -> Pod:
        name = f"{app}-{self.word(5)}" if app != "coredns" else f"coredns-{self.hexid(9)}-{self.word(5)}"
        return Pod(name, "kube-system", self.uuid(), self.hexid(64), self.hexid(64), self.primary)
