"""run_sop: a runbook carried out in one call. What carries it out (running.py) is loaded when it is first called: a server
that lists its tools need not wait for it."""

from typing import Annotated

from pydantic import Field

from .collecting import InstanceArg
from .finding import Format
from .room import Room
from .run_answer import RunAnswer


def run_sop(
    room: Room,
    sop: Annotated[str, Field(description="Id, short id or file name", examples=["D1"])],
    instanceId: InstanceArg = None,
    clusterName: str | None = None,
    namespace: str | None = None,
    podName: str | None = None,
    phases: Annotated[list[int] | None, Field(description="Only these phases")] = None,
    response_format: Format = "concise",
    dryRun: Annotated[bool, Field(description="Show the plan, call nothing")] = False,
) -> RunAnswer:
    """Run a runbook (SOP) on an EKS node: every step ticked with evidence, then root cause, escalation and its report."""
    from .running import carried_out, shown_plan

    detailed = response_format == "detailed"
    if dryRun:
        return shown_plan(room, sop, instanceId, phases, detailed=detailed)
    given = {"clusterName": clusterName, "namespace": namespace, "podName": podName}
    return carried_out(room, sop, instanceId, {k: v for k, v in given.items() if v}, phases).answer(detailed=detailed)
