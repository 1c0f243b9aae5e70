"""batch_collect, batch_status: logs of many nodes of a cluster, asked for together."""

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ..errors import BadInput, DiagError, Unavailable
from .collecting import confirm
from .outside_room import ClusterArg, health_of
from .room import Room
from .shapes import Answer

if TYPE_CHECKING:
    from ..batches import Batch, Member
    from ..cluster.sampling import Plan

_START_S = 40.0
"""After that no further collection is begun in this call; batch_status goes on."""
_SAME_BATCH_S = 600
_SHOWN = 50


class PlannedRow(Answer):
    """A node that is to be asked."""

    instanceId: str
    node: str | None = None
    bucket: str
    via: str
    why: str


class UnreachableRow(Answer):
    """A node that cannot be asked, and why."""

    node: str
    why: str


class ExecutionRow(Answer):
    """One node's collection. `state` "waiting": not begun yet; "refused": it could not be begun."""

    instanceId: str
    executionId: str | None = None
    state: str
    progress: float | None = None
    message: str | None = None
    via: str | None = None


class BatchAnswer(Answer):
    """A batch, planned and begun."""

    batchId: str | None = None
    clusterName: str
    region: str
    note: str | None = None
    dryRun: bool | None = None
    idempotent: bool | None = None
    grouped_by: str | None = None
    plan: list[PlannedRow]
    executions: list[ExecutionRow]
    unreachable: list[UnreachableRow]
    unreachable_total: int
    left_out: int | None = None
    gaps: list[str] | None = None
    next_step: str


class BatchStatusAnswer(Answer):
    """Where a batch stands. `all_complete`: nothing more will come, failures included."""

    batchId: str | None = None
    executions: list[ExecutionRow]
    counts: dict[str, int]
    all_complete: bool
    next_step: str


def batch_collect(
    room: Room,
    clusterName: ClusterArg = None,
    filter: Annotated[Literal["all", "unhealthy", "notready"], Field(description="Which nodes")] = "all",
    strategy: Annotated[Literal["sample", "all"], Field(description="Some of each bucket, or all")] = "sample",
    groupBy: Annotated[
        Literal["auto", "az", "nodegroup", "instance-type", "ami"], Field(description="What makes a bucket")
    ] = "auto",
    samplesPerBucket: Annotated[int, Field(ge=1, le=5)] = 3,
    maxTotalCollections: Annotated[int, Field(ge=1, le=50)] = 15,
    dryRun: Annotated[bool, Field(description="Only the plan")] = False,
    region: str | None = None,
) -> BatchAnswer:
    """Collect log bundles of several EKS nodes of a cluster: unhealthy ones that can be reached first, sampled over like nodes."""
    from ..batches import Batch, Planned
    from ..cluster.choosing import choose
    from ..cluster.sampling import Sample, plan

    began, settings = room.app.now(), room.app.settings
    ref, note = choose(room.app.outside.clusters, clusterName, region)
    wall = room.app.wall()
    asked = (ref.name, ref.region, filter, strategy, groupBy, samplesPerBucket, maxTotalCollections)
    batch_id, known = _same(room, asked, None if dryRun else int(wall.timestamp()) // _SAME_BATCH_S)
    if known is not None:
        members = room.app.batches.advance(known, began + _START_S, room.checkpoint)
        return _begun(known, members, note, idempotent=True)
    if settings.collecting == "deny" and not dryRun:
        raise Unavailable("This server is set up not to ask nodes for logs (EKS_DIAG_COLLECT=deny).", "dryRun=true shows the plan.")
    health = health_of(room, ref, wall)
    if not health.nodes_seen and not health.nodes:
        raise Unavailable(
            "The cluster's nodes cannot be read: " + "; ".join(str(g) for g in health.gaps[:3]), "cluster_health tells more."
        )
    sample = Sample(strategy, groupBy, samplesPerBucket, maxTotalCollections)
    found = plan(health.nodes, filter, sample, ssm_set_up=bool(settings.bucket and settings.automation_role))
    gaps = [str(g) for g in health.gaps][:10] or None
    if dryRun or not found.picks:
        return _planned(ref.name, ref.region, note, found, gaps, dry=dryRun)
    confirm(
        room, f"Ask {len(found.picks)} nodes of cluster {ref.name} for their logs? The log collector runs on each for some minutes."
    )
    batch = Batch(
        batch_id, ref.name, ref.region, wall.isoformat(), tuple(Planned(p.instance_id, p.via, p.why) for p in found.picks)
    )
    room.app.batches.put(batch)
    members = room.app.batches.advance(batch, began + _START_S, room.checkpoint)
    planned = _planned(ref.name, ref.region, note, found, gaps, dry=False)
    return planned.model_copy(
        update={"batchId": batch_id, "executions": [_row(m) for m in members], "next_step": f'batch_status(batchId="{batch_id}")'}
    )


def _same(room: Room, asked: tuple[object, ...], turn: int | None) -> "tuple[str, Batch | None]":
    """(id of a batch of that request, the one that was begun within the last minutes)."""
    from ..batches import Batches

    if turn is None:
        return "", None
    ids = [Batches.id_of(*asked, at) for at in (turn, turn - 1)]
    found = [batch for batch in map(room.app.batches.get, ids) if batch is not None]
    recent = room.app.wall() - timedelta(seconds=_SAME_BATCH_S)
    return ids[0], next((b for b in found if datetime.fromisoformat(b.started) >= recent), None)


def _planned(cluster: str, region: str, note: str | None, found: "Plan", gaps: list[str] | None, *, dry: bool) -> BatchAnswer:
    rows = [
        PlannedRow(
            instanceId=p.instance_id, node=p.node if p.node != p.instance_id else None, bucket=p.bucket, via=p.via, why=p.why
        )
        for p in found.picks
    ]
    following = "The same call with dryRun=false begins it." if rows else "No node of that kind can be asked; see unreachable."
    return BatchAnswer(
        clusterName=cluster,
        region=region,
        note=note,
        dryRun=True if dry else None,
        grouped_by=found.grouped_by,
        plan=rows,
        executions=[],
        unreachable=[UnreachableRow(node=u.node, why=u.why) for u in found.unreachable[:_SHOWN]],
        unreachable_total=len(found.unreachable),
        left_out=found.left_out or None,
        gaps=gaps,
        next_step=following,
    )


def _begun(batch: "Batch", members: "list[Member]", note: str | None, *, idempotent: bool) -> BatchAnswer:
    """A batch that was begun by an earlier call."""
    return BatchAnswer(
        batchId=batch.batch_id,
        clusterName=batch.cluster,
        region=batch.region,
        note=note,
        idempotent=idempotent,
        plan=[PlannedRow(instanceId=p.instance_id, bucket="", via=p.via, why=p.why) for p in batch.planned],
        executions=[_row(m) for m in members],
        unreachable=[],
        unreachable_total=0,
        next_step=f'batch_status(batchId="{batch.batch_id}")',
    )


def _row(member: "Member") -> ExecutionRow:
    standing = member.standing
    if standing is None:
        state = "refused" if member.refused else "waiting"
        return ExecutionRow(instanceId=member.instance_id, state=state, message=member.refused or None, via=member.via)
    return ExecutionRow(
        instanceId=member.instance_id,
        executionId=standing.collection.execution_id,
        state=standing.state,
        progress=round(standing.progress, 2),
        message=standing.message or None,
        via=member.via,
    )


def batch_status(
    room: Room,
    batchId: Annotated[str | None, Field(description="From batch_collect")] = None,
    executionIds: Annotated[list[str] | None, Field(max_length=50, description="Or single collections")] = None,
) -> BatchStatusAnswer:
    """How far several EKS node log collections are. all_complete is true when nothing more will come, failures included."""
    if not batchId and not executionIds:
        raise BadInput("batchId or executionIds is needed.", "batch_collect returns a batchId, collect an executionId.")
    from ..batches import in_parallel

    if batchId:
        batch = room.app.batches.get(batchId)
        if batch is None:
            raise BadInput(f"No batch {batchId} in this library.", "Use the batchId that batch_collect returned.")
        members = room.app.batches.advance(batch, room.app.now() + _START_S, room.checkpoint)
    else:
        members = in_parallel(lambda one: _look(room, one), executionIds or [], room.checkpoint)
    done = all(m.ended for m in members)
    rows = [_row(m) for m in members]
    ready = [r.instanceId for r in rows if r.state == "completed"]
    following = "Call batch_status again in half a minute."
    if done:
        listed = ",".join(ready[:20])
        following = f'compare_nodes(instanceIds="{listed}")' if len(ready) > 1 else "summarize each node that is completed."
    return BatchStatusAnswer(
        batchId=batchId, executions=rows, counts=dict(Counter(r.state for r in rows)), all_complete=done, next_step=following
    )


def _look(room: Room, execution_id: str) -> "Member":
    from ..batches import Member

    try:
        found = room.app.intake.follow(room.app.desk.full_id(execution_id), 0)
    except DiagError as error:
        return Member(execution_id[:80], "", None, str(error))
    return Member(found.collection.instance_id, found.collection.via, found)
