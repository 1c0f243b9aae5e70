"""Which REJECT and DROP rules are not the usual ones of kube-proxy, kubelet, the VPC CNI and known policy engines?

The usual ones follow the list the EKS node monitoring agent tolerates, and chains that other network software owns."""

import re
from collections.abc import Iterator
from typing import Literal

from .iptables_save import Ruleset, SavedRule

Victim = Literal["dns", "metadata", "other"]

_OWNED = re.compile(
    r"cali-|CILIUM|ANTREA|WEAVE|KUBE-POD-FW-|KUBE-NWPLCY|KUBE-ROUTER|FLANNEL|DOCKER|KUBE-IPVS-(?:OUT-)?FILTER$"
    r"|KUBE-SOURCE-RANGES-FIREWALL$|KUBE-FIREWALL$|KUBE-PROXY-FIREWALL$"
)
"""Chains in which DROP and REJECT are the owner's daily work."""
_NO_ENDPOINTS = re.compile(r"no (?:local )?endpoints")


def unusual_drops(rules: Ruleset) -> Iterator[SavedRule]:
    """The rules that drop or reject and are not among the usual ones."""
    for rule in rules.rules:
        if ("DROP" in rule.spec or "REJECT" in rule.spec) and rule.target in ("DROP", "REJECT") and not _usual(rule):
            yield rule


def _usual(rule: SavedRule) -> bool:
    if _OWNED.match(rule.chain) or "Block Node Local Pod access" in rule.comment:
        return True
    if rule.chain == "KUBE-FORWARD":
        return "INVALID" in rule.spec
    if rule.chain in ("KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS"):
        return (
            bool(_NO_ENDPOINTS.search(rule.comment))
            or "icmp-port-unreachable" in rule.spec
            or "icmp6-port-unreachable" in rule.spec
        )
    return False


def victim(rule: SavedRule) -> Victim:
    """Whose traffic it stops, as far as its match tells."""
    if re.search(r"--dports? (?:[\d,:]*,)?53(?:,|\s|$)", rule.spec):
        return "dns"
    return "metadata" if re.search(r"-d 169\.254\.169\.254\b", rule.spec) else "other"


def of_pods_only(rule: SavedRule) -> bool:
    """It stops pods and not the host: keeping pods off the metadata service is common advice."""
    return rule.chain == "FORWARD" or bool(re.search(r"-i (?:eni|cali|vlan)\S*", rule.spec))
