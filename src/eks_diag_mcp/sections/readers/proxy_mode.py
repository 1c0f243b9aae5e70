"""How the node carries service addresses: which mode kube-proxy runs in, or that something else does its work.

kube-proxy names its mode in its log when it starts; where that line has rotated away, the chains on the node tell."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...model import Evidence
from .iptables_save import Ruleset
from .processes import running

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

ProxyMode = Literal["iptables", "ipvs", "nftables", "replaced", "unknown"]
_SAID = r"Using (iptables|ipvs|nftables) (?:Proxier|proxy)"
_NFT = re.compile(r"(?m)^table (?:ip6?|inet) kube-proxy\b")


@dataclass(frozen=True, slots=True)
class ProxyRead:
    """The mode, the line that tells it, and in our own words where it was read."""

    mode: ProxyMode
    evidence: Evidence | None
    why: str


def read_proxy_mode(bundle: "Bundle", rules: Ruleset) -> ProxyRead:
    """The mode of kube-proxy. replaced: Cilium carries the services and no kube-proxy shows."""
    said = bundle.latest(_SAID, ("kube-proxy",))
    if said and (word := re.search(_SAID, said.text, re.IGNORECASE)):
        modes: dict[str, ProxyMode] = {"iptables": "iptables", "ipvs": "ipvs", "nftables": "nftables"}
        return ProxyRead(modes[word[1].lower()], said, "kube-proxy log")
    for file in bundle.texts("nftables"):
        if found := _NFT.search(file.text):
            line = file.text.count("\n", 0, found.start()) + 1
            return ProxyRead("nftables", Evidence("nftables", file.path, line, found[0]), "nftables table kube-proxy")
    for prefix, mode in (("KUBE-IPVS-", "ipvs"), ("KUBE-SVC-", "iptables"), ("KUBE-SEP-", "iptables")):
        chains = [*rules.named(prefix), *rules.named(prefix, "filter")]
        if chains:
            return ProxyRead("ipvs" if mode == "ipvs" else "iptables", rules.quote(chains[0]), f"chains {prefix}*")
    agent, row = running(bundle, "cilium-agent")
    if agent and not rules.chain("nat", "KUBE-SERVICES"):
        return ProxyRead("replaced", row, "cilium-agent runs and there are no chains of kube-proxy")
    return ProxyRead("unknown", None, "neither the log of kube-proxy nor chains on the node tell it")


def service_causes(ipamd_answers: bool) -> tuple[str, ...]:
    """What services without rules speak for: kube-proxy, and an ipamd that waits for the API server's service address,
    unless ipamd answers, which it does only once it has reached the API server."""
    return ("kube_proxy",) if ipamd_answers else ("kube_proxy", "ip_allocation.kube_proxy_down")
