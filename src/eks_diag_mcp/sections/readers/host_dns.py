"""How the host and its pods resolve names: networking/resolv.conf (the host's file, not the pods') and what kubelet gives
its pods (clusterDNS and resolvConf of its configuration, or its flags)."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence
from .kubelet_config import read_kubelet_config
from .state_files import QUOTE_CHARS, quote

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_FLAG = re.compile(r"--resolv-conf[= ]+[\"']?(/[\w./-]+)")


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """The host's resolv.conf. `lines` quotes its nameserver lines."""

    file: str
    nameservers: tuple[str, ...]
    search: tuple[str, ...]
    options: tuple[str, ...]
    lines: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class KubeletDns:
    """What kubelet writes into its pods' resolv.conf. None: not told. `known`: a configuration was read, so what is not
    in it has kubelet's default."""

    cluster_dns: tuple[str, ...] | None = None
    cluster_dns_at: Evidence | None = None
    resolv_conf: str | None = None
    resolv_conf_at: Evidence | None = None
    known: bool = False


def read_resolv_conf(bundle: "Bundle") -> ResolvConf | None:
    """The host's file; None where the bundle has none with anything in it."""
    for file in bundle.texts("resolv-conf"):
        servers: list[str] = []
        search: tuple[str, ...] = ()
        options: list[str] = []
        lines: list[Evidence] = []
        for number, line in enumerate(file.text.split("\n"), 1):
            words = re.split(r"[#;]", line)[0].split()
            if len(words) < 2:
                continue
            if words[0] == "nameserver":
                servers.append(words[1])
                lines.append(Evidence("resolv-conf", file.path, number, line.strip()[:QUOTE_CHARS]))
            elif words[0] in ("search", "domain"):
                search = tuple(words[1:])
            elif words[0] == "options":
                options += words[1:]
        return ResolvConf(file.path, tuple(servers), search, tuple(options), tuple(lines))
    return None


def read_kubelet_dns(bundle: "Bundle") -> KubeletDns:
    """What kubelet is told."""
    config = read_kubelet_config(bundle)
    servers, path = config.get("clusterDNS"), config.get("resolvConf")
    told = tuple(word for word in re.split(r"[,\s]+", servers.text) if word) if servers else ()
    said, at = (path.text or None, path.evidence) if path else (None, None)
    for file in bundle.texts("kubelet-service"):
        if flag := _FLAG.search(file.text):
            said, at = flag[1], quote("kubelet-service", file, flag.start(), flag.end())
    return KubeletDns(told or None, servers.evidence if servers and told else None, said, at, config.read)
