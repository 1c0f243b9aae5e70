"""run_sop: a runbook carried out on one node, through the same functions that serve the other tools."""

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ..errors import BadBundle, BadInput, NotReady
from ..quoting import one_line
from ..runbooks.run import Desk, Facts, Seen, ToolShape, plan, run
from ..runbooks.steps import Step, steps_of
from ..runbooks.thumb import Known
from .cloudwatch import get_cloudwatch_logs
from .cluster import cluster_health
from .collecting import InstanceArg, collect, status, validate
from .comparing import compare_nodes
from .correlating import correlate
from .digest import digest
from .eks import describe_eks_resource
from .finding import Format, errors
from .happening import get_k8s_events, get_pod_logs
from .kubernetes import list_k8s_resources, read_k8s_resource
from .network import network_diagnostics, storage_diagnostics
from .room import Room, stamp
from .run_answer import RunAnswer, concluded, planned
from .runbooks import get_sop, list_sops
from .searching import read, search
from .verdicts import SummaryAnswer, quick_triage, summarize

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..runbooks.model import Sop

OUTSIDE: tuple[Callable[..., BaseModel], ...] = (
    list_k8s_resources,
    read_k8s_resource,
    get_k8s_events,
    get_pod_logs,
    describe_eks_resource,
    get_cloudwatch_logs,
    cluster_health,
)
"""Those that ask AWS or a cluster: where the settings name neither a region nor a kubeconfig, their steps are a person's."""
RUNS: tuple[Callable[..., BaseModel], ...] = (
    collect,
    status,
    validate,
    errors,
    search,
    read,
    network_diagnostics,
    storage_diagnostics,
    correlate,
    compare_nodes,
    summarize,
    quick_triage,
    list_sops,
    get_sop,
    *OUTSIDE,
)
"""The tools that a runbook may call: all that only read, and collect. A runbook runs no runbook."""
_COLLECT_S = 22
"""How long a run waits for a bundle to be indexed; the rest of the 45 s is for the steps."""
_STEP_S = 6.0
"""How long one step may look at a whole cluster."""
_LATE_S: Mapping[str, float] = {"MUST": 38.0, "SHOULD": 33.0, "MAY": 25.0}
"""Seconds after the start at which no call of that level is begun; one call takes at most 5 s."""


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
    began = room.app.now()
    book = room.app.sops.find(sop)
    steps = _chosen(book, phases)
    detailed = response_format == "detailed"
    if dryRun:
        return planned(book, instanceId, plan(steps, _shapes(room)), detailed=detailed)
    bundle, note = _ensure(room, instanceId)
    facts: Facts = {"instanceId": bundle.instance_id, "sop": book.id}
    facts |= {k: v for k, v in (("clusterName", clusterName), ("namespace", namespace), ("podName", podName)) if v}
    desk = _Desk(room, bundle, began)
    transcript = run(steps, desk.desk(), facts)
    summary = desk.summary or summarize(room, bundle.instance_id, sop=book.id)
    return concluded(
        book, transcript, summary, room.app.diagnosis(bundle), note=note, captured=stamp(bundle.captured), detailed=detailed
    )


def _chosen(book: "Sop", phases: list[int] | None) -> tuple[Step, ...]:
    known = [phase.number for phase in book.phases]
    if unknown := sorted(set(phases or ()) - set(known)):
        raise BadInput(
            f"{book.short_id} has no phase {', '.join(map(str, unknown))}.", f"Phases: {', '.join(map(str, known)) or 'none'}."
        )
    return tuple(step for step in steps_of(book) if not phases or step.phase in phases)


def _ensure(room: Room, instance_id: str | None) -> "tuple[Bundle, str | None]":
    """The node's bundle; collected first where it is only in the archives folder."""
    app = room.app
    if instance_id is None and not app.library.instances() and len(known := app.known_instances()) == 1:
        instance_id = known[0]
    name, note = app.resolve(instance_id)
    if not app.library.bundles(name) and name in app.archives.instances():
        started = collect(room, name)
        state = status(room, started.executionId, waitSeconds=_COLLECT_S)
        if state.task.state == "failed":
            raise BadBundle(f"The log bundle of {name} cannot be read: {state.task.message}", "Collect another one.")
        if state.task.state != "completed":
            raise NotReady(f"The log bundle of {name} is still being indexed.", "Call run_sop again with the same arguments.")
    bundle, _ = room.bundle(name)
    return bundle, note or None


class _Desk:
    """The tools' own functions for one run on one bundle."""

    def __init__(self, room: Room, bundle: "Bundle", began: float) -> None:
        self._outer, self._bundle, self._began = room, bundle, began
        # The run reports its steps; their inner progress would run against it.
        self._room = Room(room.app, room.checkpoint, patience_s=_STEP_S)
        self._tools = _functions()
        self.summary: SummaryAnswer | None = None

    def desk(self) -> Desk:
        """As the run sees it."""
        app, known = self._room.app, Known(self._room.app.diagnosis(self._bundle), self._value)
        return Desk(
            tools=_shapes(self._room),
            call=self._call,
            known=lambda: known,
            late=lambda level: app.now() - self._began > _LATE_S[level],
            checkpoint=self._outer.checkpoint,
            progress=self._outer.progress,
        )

    def _value(self, section: str, reading: str) -> object:
        return self._room.app.section(self._bundle, section).value(reading)

    def _call(self, tool: str, arguments: Mapping[str, object]) -> Seen:
        if tool == "collect":
            return self._collected()
        answer = self._tools[tool](self._room, **bound(self._tools[tool], arguments))
        if isinstance(answer, SummaryAnswer):
            self.summary = answer
        seen = digest(answer)
        root = self._room.app.diagnosis(self._bundle).root_cause
        if root is not None and "finding_ids" in seen.facts:  # what supports the root cause is cited first
            ids = tuple(dict.fromkeys(i for r in root.because for i in r.ids))[:6]
            seen = Seen(seen.says, seen.ids, {**seen.facts, "finding_ids": ids or seen.facts["finding_ids"]})
        return seen

    def _collected(self) -> Seen:
        """The bundle was made sure of before the first step."""
        bundle = self._bundle
        return Seen(
            f"bundle at hand, captured {stamp(bundle.captured)}",
            (),
            {"executionId": f"archive-{bundle.digest}-{bundle.instance_id}"},
        )


def _functions() -> dict[str, Callable[..., BaseModel]]:
    return {tool.__name__: tool for tool in RUNS}


def _shapes(room: Room) -> dict[str, ToolShape]:
    settings, found = room.app.settings, {}
    shut = frozenset() if settings.region or settings.kubeconfig else frozenset(tool.__name__ for tool in OUTSIDE)
    for name, function in _functions().items():
        if name in shut:
            continue
        parameters = list(inspect.signature(function).parameters.values())[1:]
        needs = frozenset(p.name for p in parameters if p.default is p.empty)
        found[name] = ToolShape(frozenset(p.name for p in parameters), needs)
    return found


def bound(function: Callable[..., Any], arguments: Mapping[str, object]) -> dict[str, Any]:
    """A runbook's values in the types of the function's parameters: "cni,eni" is a list, "300" a number."""
    hints = get_type_hints(function, include_extras=True)
    values: dict[str, Any] = {}
    for name, value in arguments.items():
        hint = hints[name]
        items = value.split(",") if "list[" in str(hint) and isinstance(value, str) else value
        plain = [str(item).strip() for item in items] if isinstance(items, list | tuple) else items
        try:
            values[name] = TypeAdapter(hint).validate_python(plain)
        except ValidationError as error:
            raise BadInput(f"{name}: {one_line(error.errors()[0]['msg'], 120)}", "Correct the runbook.") from error
    return values
