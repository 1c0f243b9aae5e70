"""The D1 judge: which of the ip_allocation causes the arithmetic of the node's own address pool allows.

Rules (CNI 1.5-1.23, pkg/ipamd): available = total - assigned counts cooling addresses, so assigned + cooling = total with a
shortage of zero is churn; a limit is the cause only when every usable slot of every usable ENI is used; EC2's Insufficient*
errors speak of the subnet it asked; a daemon that is down is a consequence until the reason is found."""

from ..model import Finding, LineRef
from .board import Board, Case
from .ip_facts import judge_facts

FAMILY = "ip_allocation."
_ENOUGH = 3
_EC2 = tuple(
    FAMILY + c
    for c in ("subnet_exhausted", "prefix_fragmented", "iam", "throttling", "subnet_excluded", "custom_networking", "attach_failed")
)


def judge_ip_allocation(case: Case, board: Board) -> None:
    """Amend the board for the whole family."""
    if _foreign_ipam(case, board):
        return
    _absent(case, board)
    symptoms = _symptoms(case)
    if not symptoms:
        for cause in ("eni_limit", "subnet_exhausted", "prefix_fragmented"):
            board.withdraw(FAMILY + cause, "no pod failed to get an address at the capture; a full pool alone is no fault")
    _leak(case, board)
    _limit(case, board, symptoms)
    _churn(case, board, symptoms)
    _subnet(case, board)
    _down(case, board, symptoms)
    _kube_proxy(case, board)
    judge_facts(case, board, symptoms)


def _foreign_ipam(case: Case, board: Board) -> bool:
    """With another plugin's own IPAM none of these causes applies."""
    section = case.sections.get("cni")
    if section is None or section.outcome != "not_applicable":
        return False
    for name, tally in board.tallies.items():
        if name.startswith(FAMILY):
            tally.not_applicable = True
            tally.supports.clear()
    says = "another CNI plugin does its own address management on this node"
    board.object(FAMILY + "ipamd_crash", says, evidence=case.lines_of(("cni", "conflist")))
    return True


def _symptoms(case: Case) -> list[Finding]:
    """Lines that hold at the capture and show a pod without an address."""
    return case.speaking_for(*(c for f in case.findings for c in f.speaks_for if c.startswith(FAMILY)))


def _absent(case: Case, board: Board) -> None:
    """No trace of aws-node: neither its logs nor its process nor its configuration."""
    bundle = case.bundle
    if bundle.manifest.layout == "node-agent" and any(p.startswith("automode/") for p in bundle.files):
        board[FAMILY + "aws_node_absent"].not_applicable = True
        return
    missing = [s for s in ("ipamd-log", "aws-node", "cni-config") if bundle.coverage(s).state in ("absent", "empty")]
    running = case.value("ipamd", "ipamd_up")
    if len(missing) == 3 and running is not True and bundle.coverage("processes").readable:
        board.speak(FAMILY + "aws_node_absent", "no log, no process and no configuration of aws-node is on the node", 4)
    elif len(missing) < 3:
        there = next(s for s in ("ipamd-log", "aws-node", "cni-config") if s not in missing)
        files = bundle.coverage(there).files[:1]
        first = case.quote(LineRef(files[0], 1)) if files else ()
        board.object(FAMILY + "aws_node_absent", f"the node has {', '.join(files)}", evidence=first, rule_out=True)


def _room(case: Case) -> tuple[float | None, float | None]:
    return case.number("eni", "enis_used"), case.number("eni", "enis_max")


def _limit(case: Case, board: Board, symptoms: list[Finding]) -> None:
    """eni_limit only when every usable slot of every usable ENI is used."""
    used, most = _room(case)
    assigned, total = case.number("ipamd", "ips_assigned"), case.number("ipamd", "ips_total")
    refused = [f for f in case.speaking_for(FAMILY + "eni_limit") if f.role == "cause" and f.weight >= 4]
    issue = case.issue("eni.limit_reached")
    tally = board[FAMILY + "eni_limit"]
    if issue is not None and symptoms and not tally.ruled_out:
        tally.supports = [s for s in tally.supports if s.reason.says != issue.title]
        board.speak(
            FAMILY + "eni_limit",
            f"{issue.title}, and pods get no address",
            5,
            ids=(issue.id, symptoms[0].id),
            evidence=issue.because[:1] or symptoms[0].evidence[:1],
        )
        return
    if refused:
        return
    if used is None or most is None:
        named = [f for c in _EC2 for f in case.speaking_for(c) if f.role == "cause" and f.weight >= 4]
        if named and not tally.best:
            board.object(
                FAMILY + "eni_limit", f"EC2's own refusal names another reason: {named[0].title}", ids=(named[0].id,), rule_out=True
            )
        return
    if issue is None and (used < most or (assigned is not None and total is not None and assigned < total)):
        free = "" if assigned is None or total is None else f", {total - assigned:.0f} of {total:.0f} addresses unassigned"
        tally.supports = [s for s in tally.supports if s.role == "cause"]
        seen = case.lines_of(("eni", "enis_used"), ("eni", "enis_max"), ("ipamd", "ips_assigned"))
        says = f"{used:.0f} of {most:.0f} ENIs are attached{free}"
        board.object(FAMILY + "eni_limit", says, evidence=seen, rule_out=not tally.supports)


def _churn(case: Case, board: Board, symptoms: list[Finding]) -> None:
    """cooldown_churn: nothing is free, some addresses cool, and ipamd sees no shortage because it counts them."""
    cause = FAMILY + "cooldown_churn"
    cooling, free = case.number("ipamd", "ips_cooling"), case.number("ipamd", "ips_free")
    assigned = case.number("ipamd", "ips_assigned")
    if cooling is None or free is None or assigned is None:
        return
    seen = case.lines_of(("ipamd", "ips_cooling"), ("ipamd", "ips_free"))
    if cooling == 0 and not board[cause].best:
        says = f"no address is cooling ({assigned:.0f} assigned, {free:.0f} free)"
        board.object(cause, says, evidence=seen, rule_out=True)
        return
    blocked = [f for c in _EC2 for f in case.speaking_for(c) if f.role == "cause" and f.weight >= 4]
    if cooling > 0 and free == 0 and not blocked:
        first = symptoms[:1]
        says = f"{assigned:.0f} assigned + {cooling:.0f} cooling leave 0 free, and ipamd counts cooling addresses as available"
        board.speak(
            cause, says, 5 if first else 3.5, ids=tuple(f.id for f in first), evidence=first[0].evidence[:1] if first else ()
        )
        says = f"{cooling:.0f} addresses only cool down; not every slot holds a pod"
        board.object(FAMILY + "eni_limit", says, evidence=seen, rule_out=True)
        says = "ipamd counts cooling addresses as available, so EC2 was not asked; it did not refuse"
        board.object(FAMILY + "subnet_exhausted", says, evidence=seen, rule_out=True)
    elif free > 0 and not case.speaking_for(cause):
        board.object(cause, f"{free:.0f} addresses are free", evidence=seen, rule_out=True)


def _subnet(case: Case, board: Board) -> None:
    """EC2's refusals name the subnet side; without one the subnet is not shown full."""
    full, split = FAMILY + "subnet_exhausted", FAMILY + "prefix_fragmented"
    said_full = [f for f in case.findings if full in f.speaks_for[:1] and f.role == "cause" and f.weight >= 4]
    said_split = [f for f in case.findings if split in f.speaks_for[:1] and f.role == "cause"]
    readable = case.bundle.coverage("ipamd-log").readable
    asked, ids = _asked(case)
    if case.value("cni", "mode") == "ipv6":
        board.object(
            split,
            "the node hands out IPv6 addresses of a /80 prefix, not IPv4 blocks",
            evidence=case.lines_of(("cni", "ENABLE_IPv6", "settings")),
            rule_out=True,
        )
    for cause, said, word in (
        (full, said_full, "InsufficientFreeAddressesInSubnet"),
        (split, said_split, "InsufficientCidrBlocks"),
    ):
        if not said and readable and (not board[cause].supports or asked):
            board.object(cause, f"ipamd.log holds no {word}{asked}", ids=ids, rule_out=True)


def _asked(case: Case) -> tuple[str, tuple[str, ...]]:
    """Why EC2's silence about the subnet means something (it was not asked, or it named another reason), and the id of
    what shows it; ("", ()) where nothing does."""
    limit = case.issue("eni.limit_reached")
    if limit is not None:
        return ": with every slot used, ipamd does not ask EC2 for more", (limit.id,)
    others = (
        *(c for c in _EC2 if not c.endswith(("subnet_exhausted", "prefix_fragmented"))),
        FAMILY + "eni_limit",
        FAMILY + "eni_leak",
    )
    named = [f for c in others for f in case.speaking_for(c) if f.role == "cause" and f.weight >= 4]
    return (f": EC2's refusal names another reason ({named[0].title})", (named[0].id,)) if named else ("", ())


def _leak(case: Case, board: Board) -> None:
    """eni_leak: EC2 counts more interfaces than ipamd knows, and ipamd's own log tells of one it could not give back."""
    unknown = case.issue("eni.unknown_to_ipamd")
    told = [f for f in case.findings if FAMILY + "eni_leak" in f.speaks_for[:1] and f.role == "cause" and f.healed_at is None]
    refused = [f for f in case.speaking_for(FAMILY + "eni_limit") if f.role == "cause" and "attachment" in f.signature]
    if unknown is not None and told and refused:
        ids = (unknown.id, told[0].id, refused[0].id)
        board.speak(
            FAMILY + "eni_leak",
            f"{unknown.title}; EC2 refuses another one, and ipamd could not give one back",
            5,
            ids=ids,
            evidence=told[0].evidence[:1],
        )
        board.object(FAMILY + "eni_limit", "a slot is held by an interface that ipamd lost", ids=ids, rule_out=True)


def _down(case: Case, board: Board, symptoms: list[Finding]) -> None:
    """A daemon that is down is a consequence until the reason is found: the reason outranks it (causes.yaml `explains`)."""
    cause, up = FAMILY + "ipamd_crash", case.value("ipamd", "ipamd_up")
    tally = board[cause]
    named = any(s.role == "cause" and not s.state and s.active for s in tally.supports)
    if up is False and symptoms:
        board.speak(cause, "ipamd did not answer at the capture, and its process is not there", _ENOUGH)
    if up is True and not named:
        tally.supports = [s for s in tally.supports if s.role == "cause"]
        if not tally.supports:
            board.object(cause, "ipamd answered at the capture", evidence=case.lines_of(("ipamd", "ipamd_up")), rule_out=True)


def _kube_proxy(case: Case, board: Board) -> None:
    """With CLUSTER_ENDPOINT set, ipamd does not need the service address that kube-proxy programs."""
    endpoint = case.value("cni", "CLUSTER_ENDPOINT", "settings")
    if isinstance(endpoint, str) and endpoint not in ("", "not set"):
        says = "CLUSTER_ENDPOINT is set, so ipamd does not use the service address"
        seen = case.lines_of(("cni", "CLUSTER_ENDPOINT", "settings"))
        board.object(FAMILY + "kube_proxy_down", says, evidence=seen, rule_out=True)
    elif case.value("ipamd", "ipamd_up") is True and not board[FAMILY + "kube_proxy_down"].best and board["kube_proxy"].supports:
        says = "ipamd answered at the capture and complains of no service address"
        board.object(FAMILY + "kube_proxy_down", says, evidence=case.lines_of(("ipamd", "ipamd_up")), rule_out=True)
