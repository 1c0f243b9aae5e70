"""The D1 judge with what AWS says now: the subnet's free addresses and /28s, ENIs that ipamd does not know, the add-on.

The facts are of a later moment than the bundle. They decide only while they are fresh, and together with a symptom at the
capture: a full subnet with no pod that waits is no fault."""

import re
from collections.abc import Sequence

from ..model import Finding
from ..sections.readers.now import EniNow, SubnetNow, addon_now, fresh, subnets_now, text_now, unknown_enis
from ..signatures.findings import short_id
from .board import Board, Case

FAMILY = "ip_allocation."
BLOCK = 16
TELLING_SHARE = 0.1
"""Share of a full subnet that orphaned ENIs must hold to be why it is full; a few of them are everywhere."""
_OTHERS = tuple(
    FAMILY + c
    for c in ("iam", "throttling", "subnet_excluded", "custom_networking", "attach_failed", "eni_limit", "version", "branch_eni")
)
_SUBNET = re.compile(r"\bsubnet-[0-9a-f]{8,17}\b")


def fact_id(digest: str, name: str) -> str:
    """The A- id of a fact of a bundle, to be cited."""
    return short_id("A", digest, name)


def _id(case: Case, name: str) -> str:
    return fact_id(case.bundle.digest, name)


def _fresh(case: Case, name: str) -> bool:
    return fresh(case.facts, name, case.bundle.captured)


def subnet_asked(case: Case) -> SubnetNow | None:
    """The subnet that ipamd asks for addresses: the one a refusal names, with custom networking the ENIConfig's, else the
    instance's own; the only one known where there is one."""
    known = subnets_now(case.facts) if _fresh(case, "subnets") else {}
    for finding in case.findings:
        if finding.role == "cause" and any(c.startswith(FAMILY) for c in finding.speaks_for):
            for evidence in finding.evidence:
                named = _SUBNET.search(evidence.text)
                if named and named.group() in known:
                    return known[named.group()]
    mode = str(case.value("cni", "mode") or "")
    own = text_now(case.facts, "instance", "subnet")
    if mode.startswith("custom_networking"):
        others = [s for s in known.values() if s.id != own]
        return others[0] if len(others) == 1 else None
    return known.get(own) or (next(iter(known.values())) if len(known) == 1 else None)


def judge_facts(case: Case, board: Board, symptoms: Sequence[Finding]) -> None:
    """Amend the board by the facts. Called after the arithmetic of the bundle alone."""
    if case.facts is None:
        return
    _subnet(case, board, symptoms)
    _unknown_enis(case, board, symptoms)
    _addon(case, board, symptoms)


def _said(case: Case, cause: str, weight: float) -> list[Finding]:
    return [f for f in case.speaking_for(cause) if cause in f.speaks_for[:1] and f.role == "cause" and f.weight >= weight]


def _subnet(case: Case, board: Board, symptoms: Sequence[Finding]) -> None:
    """Free addresses and whole free /28s of the subnet that was asked."""
    subnet = subnet_asked(case)
    if subnet is None:
        return
    full, split = FAMILY + "subnet_exhausted", FAMILY + "prefix_fragmented"
    said_full, said_split = _said(case, full, 4), _said(case, split, 0)
    prefix = str(case.value("cni", "mode") or "").endswith("prefix")
    silent = not said_full and not said_split and bool(symptoms) and _wants_more(case)
    ids = (_id(case, "subnets"), *(f.id for f in (*said_full, *said_split)[:1]))
    now = f"{subnet.id} has {subnet.free} free addresses now"
    if said_split and subnet.free < BLOCK:
        board.speak(full, f"{now}, so no /28 can be had", 5, ids=ids)
        board.object(split, f"with {subnet.free} free addresses the subnet is exhausted, not fragmented", ids=ids, rule_out=True)
    elif said_split:
        _split(board, split, subnet, ids, 5)
        board.object(full, now, ids=ids, rule_out=not said_full)
    elif said_full:
        if subnet.free < BLOCK:
            board.speak(full, now, 4, ids=ids)
        else:
            board.object(full, now, ids=ids)
    elif silent and subnet.free < (BLOCK if prefix else 1):
        more = ", too few for a /28" if prefix else ""
        board.speak(full, f"{now}{more}; the pool is used up and the node may attach more", 4, ids=(*ids, symptoms[0].id))
        board[full].ruled_out = False
    elif silent and prefix and subnet.free_28s == 0:
        _split(board, split, subnet, (*ids, symptoms[0].id), 4)
        board[split].ruled_out = False
    elif silent:
        board.object(full, now, ids=ids, rule_out=True)
    if subnet.orphaned and subnet.free < BLOCK and (said_full or said_split or silent):
        says = f"{subnet.orphaned_enis} orphaned ENIs hold {subnet.orphaned} addresses of {subnet.id} now"
        board.speak(FAMILY + "eni_leak", says, 3 if subnet.orphaned >= TELLING_SHARE * subnet.size else 2, ids=ids[:1])


def _split(board: Board, split: str, subnet: SubnetNow, ids: tuple[str, ...], weight: float) -> None:
    now = f"{subnet.id} has {subnet.free} free addresses now"
    if subnet.free_28s == 0:
        board.speak(split, f"{now} and no whole free /28", weight, ids=ids)
    elif subnet.free_28s is not None:
        board.object(split, f"{now}, {subnet.free_28s} whole /28s among them", ids=ids)


def _wants_more(case: Case) -> bool:
    """ipamd has nothing to give, nothing cools, an ENI or a slot could still be had, and EC2 names no other reason: then it
    asks the subnet."""
    if any(f.role == "cause" and f.weight >= 4 for f in case.speaking_for(*_OTHERS)):
        return False
    free, cooling = case.number("ipamd", "ips_free"), case.number("ipamd", "ips_cooling")
    used, most = case.number("eni", "enis_used"), case.number("eni", "enis_max")
    return free == 0 and not cooling and case.issue("eni.limit_reached") is None and used is not None and most is not None


def _unknown(case: Case) -> tuple[EniNow, ...]:
    """What EC2 has attached beside the ENIs of ipamd's datastore."""
    section = case.sections.get("eni")
    known = {r.scope for r in section.readings if r.name == "role" and r.scope} if section else set()
    return unknown_enis(case.facts, known, case.bundle.captured)


def _unknown_enis(case: Case, board: Board, symptoms: Sequence[Finding]) -> None:
    """Attached and unknown to ipamd: lost by the CNI (a leak), or another's (they only take slots)."""
    unknown = _unknown(case)
    if not unknown or not symptoms:
        return
    leak, limit = FAMILY + "eni_leak", FAMILY + "eni_limit"
    lost = [e for e in unknown if e.for_cni and e.managed]
    other = [e for e in unknown if e not in lost]
    blocked = bool(_said(case, limit, 4)) or case.issue("eni.limit_reached") is not None or bool(board[limit].supports)
    ids = (_id(case, "enis"), symptoms[0].id)
    if lost and blocked:
        names = ", ".join(e.id for e in lost[:3])
        board.speak(leak, f"EC2 has {names} attached, made by the CNI and unknown to ipamd: a slot is held for nothing", 5, ids=ids)
        board.object(limit, "a slot is held by an interface that ipamd lost", ids=ids, rule_out=True)
    elif other and blocked:
        names = ", ".join(e.id for e in other[:3])
        board.speak(limit, f"EC2 has {names} attached, which the CNI did not make or was told to leave alone", 4, ids=ids)
        board.object(leak, "what is attached beside ipamd's ENIs was not made by the CNI", ids=ids, rule_out=True)


def _addon(case: Case, board: Board, symptoms: Sequence[Finding]) -> None:
    """The vpc-cni add-on: is its version offered for the cluster, does EKS name a conflict?"""
    addon, cause = addon_now(case.facts, "vpc-cni") if _fresh(case, "addons") else None, FAMILY + "version"
    if addon is None:
        return
    ids, cluster = (_id(case, "addons"),), text_now(case.facts, "kubernetes_version")
    down = case.value("ipamd", "ipamd_up") is False and bool(symptoms)
    if addon.compatible is False and symptoms:
        says = f"the add-on vpc-cni {addon.version} is not offered for Kubernetes {cluster}"
        board.speak(cause, f"{says}, and ipamd does not run" if down else says, 4 if down else 2, ids=ids)
    elif addon.compatible:
        says = f"the add-on vpc-cni {addon.version} is offered for Kubernetes {cluster}"
        board.object(cause, says, ids=ids, rule_out=not board[cause].supports)
    for code in addon.issues:
        if symptoms and code in ("ConfigurationConflict", "UnsupportedAddonModification", "AdmissionRequestDenied"):
            board.speak(cause, f"EKS reports {code} for the add-on vpc-cni", 2.5 if down else 1.5, ids=ids)
