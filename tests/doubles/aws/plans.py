"""What an automation on a node comes to. The world decides first (a Windows node fails at its assertion whatever the plan)."""

from dataclasses import dataclass
from typing import Literal

ENDINGS = (
    "Success",
    "TimedOut",
    "Cancelled",
    "Failed",
    "Rejected",
    "ChangeCalendarOverrideRejected",
    "CompletedWithSuccess",
    "CompletedWithFailure",
    "Exited",
)
"""The terminal statuses among the 19 (bundle-format 3.1)."""

Upload = Literal["real", "none", "other", "cut", "empty", "refused", "unreachable"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How an execution goes.

    `shows`: statuses seen first, one poll each. `stays`: then this one for ever. `ends`: the last status; what is no success
    breaks off while the collector runs, with `message`. `upload`: the node's own archive, nothing though the script said
    nothing of it, another instance's archive under this key, the first half of the archive, an object of no bytes, refused by
    S3 (AccessDenied), or no way to S3.
    `disk_full`: the collector finds no space and exits with 1.
    """

    shows: tuple[str, ...] = ()
    stays: str = ""
    ends: str = "Success"
    message: str = ""
    upload: Upload = "real"
    disk_full: bool = False


PLANS: dict[str, Plan] = {
    "success": Plan(),
    "queued": Plan(shows=("Pending", "Pending")),
    "stays pending": Plan(stays="Pending"),
    "stuck running": Plan(stays="InProgress"),
    "disk full": Plan(disk_full=True),
    "upload refused": Plan(upload="refused"),
    "no route to S3": Plan(upload="unreachable"),
    "success without object": Plan(upload="none"),
    "wrong object": Plan(upload="other"),
    "truncated object": Plan(upload="cut"),
    "empty object": Plan(upload="empty"),
    "timed out": Plan(
        ends="TimedOut",
        message="Step timed out while step is verifying the command has completed. "
        "Please refer to Automation Service Troubleshooting Guide for more diagnosis details.",
    ),
    "role may not send commands": Plan(
        ends="Failed",
        message="Step fails when it is Execute/Cancelling action. An error occurred (AccessDeniedException) when calling the "
        "SendCommand operation: User: arn:aws:sts::123456789012:assumed-role/collector/Automation is not authorized to perform: "
        "ssm:SendCommand on resource: arn:aws:ssm:us-west-2::document/AWS-RunShellScript because no identity-based policy allows "
        "the ssm:SendCommand action. Please refer to Automation Service Troubleshooting Guide for more diagnosis details.",
    ),
    **{f"ends {status}": Plan(ends=status) for status in ENDINGS},
}


def plan(given: str | Plan) -> Plan:
    """The plan of that name; raises KeyError with the names there are."""
    if isinstance(given, Plan):
        return given
    if given not in PLANS:
        raise KeyError(f"no plan {given!r}; known are {', '.join(PLANS)}")
    return PLANS[given]
