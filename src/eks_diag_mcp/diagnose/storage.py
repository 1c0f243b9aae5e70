"""Volumes and network interfaces share an instance's attachment slots (Nitro): who is short of them?"""

from .board import Board, Case

_ATTACH = "ip_allocation.eni_limit"
_SHARED = "ebs_csi.shared_slots"
"""The ENI's own refusal seen from the storage side; without a volume that waits it says nothing of storage."""


def judge_attachments(case: Case, board: Board) -> None:
    """AttachmentLimitExceeded while ipamd's own ENIs leave room, and volumes wait: the slots went to volumes and ENIs
    together, so the storage side is the cause (aws-ebs-csi-driver#1163). With no volume waiting it stays with the ENIs."""
    refused = [f for f in case.speaking_for(_ATTACH) if f.role == "cause" and "attachment" in f.signature]
    waiting = [f for f in case.speaking_for("ebs_csi") if f.signature != _SHARED]
    if not waiting:
        board["ebs_csi"].supports.clear()
    if not refused or not waiting:
        return
    used, most = case.number("eni", "enis_used"), case.number("eni", "enis_max")
    if used is None or most is None or used >= most:
        return
    ids = (refused[0].id, waiting[0].id)
    board.speak(
        "ebs_csi",
        f"EC2 refuses another interface although ipamd holds {used:.0f} of {most:.0f} ENIs, and volumes wait to attach: "
        "the instance's attachment slots are used up",
        5,
        ids=ids,
        evidence=refused[0].evidence[:1],
    )
    says, seen = f"ipamd holds only {used:.0f} of {most:.0f} ENIs; the slots went to volumes", case.lines_of(("eni", "enis_used"))
    board.object(_ATTACH, says, ids=ids, evidence=seen, rule_out=True)
