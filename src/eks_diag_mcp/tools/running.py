"""A runbook carried out on one node, through the same functions that serve the tools."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from ..errors import BadBundle, BadInput, NotReady
from ..model import Diagnosis
from ..quoting import one_line
from ..runbooks.calling import Desk, Seen, ToolShape
from ..runbooks.contract import contract
from ..runbooks.facts import Facts
from ..runbooks.links import about
from ..runbooks.run import Transcript, plan, run
from ..runbooks.steps import Step, steps_of
from .batches import batch_status
from .cloudwatch import get_cloudwatch_logs
from .cluster import cluster_health
from .collecting import collect, status, validate
from .comparing import compare_nodes
from .correlating import correlate
from .digest import digest
from .eks import describe_eks_resource
from .finding import errors
from .happening import get_k8s_events, get_pod_logs
from .holdings import artifact, history
from .knowing import known_of
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
    batch_status,
    history,
    artifact,
    *OUTSIDE,
)
"""The tools that a runbook may call: all that only read, and collect. A runbook runs no runbook."""
_ALWAYS = ("core", "sops", "fleet-ops")
"""Sets that a run may use though a client is not told of them: they read, but for what `_IF_ON` names."""
_IF_ON = frozenset({"batch_collect"})
_NAMED = {"compare_nodes": frozenset({"instanceIds"})}  # a run asks no fleet
_COLLECT_S = 22
"""How long a run waits for a bundle to be indexed; the rest of the 45 s is for the steps."""
_STEP_S = 6.0
"""How long one step may look at a whole cluster."""
_LATE_S: Mapping[str, float] = {"MUST": 38.0, "SHOULD": 33.0, "MAY": 25.0}
"""Seconds after the start at which no call of that level is begun; one call takes at most 5 s."""


def shown_plan(room: Room, sop: str, instance_id: str | None, phases: list[int] | None, *, detailed: bool) -> RunAnswer:
    """What a run would call; nothing is."""
    book = room.app.sops.find(sop)
    return planned(book, instance_id, plan(_chosen(book, phases), _shapes(room)), detailed=detailed)


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was made, with all that its answer and its transcript are written from."""

    book: "Sop"
    bundle: "Bundle"
    given: Mapping[str, str]
    phases: tuple[int, ...]
    note: str | None
    transcript: Transcript
    summary: SummaryAnswer
    diagnosis: Diagnosis
    better: tuple[str, ...]

    def answer(self, *, detailed: bool) -> RunAnswer:
        """As the tool gives it."""
        captured = stamp(self.bundle.captured)
        return concluded(
            self.book,
            self.transcript,
            self.summary,
            self.diagnosis,
            note=self.note,
            captured=captured,
            detailed=detailed,
            better=self.better,
        )


def carried_out(room: Room, sop: str, instance_id: str | None, given: Mapping[str, str], phases: list[int] | None = None) -> Run:
    """Run the SOP on the node's bundle, which is collected first where it is only in the archives folder."""
    began = room.app.now()
    book = room.app.sops.find(sop)
    steps = _chosen(book, phases)
    bundle, note = _ensure(room, instance_id)
    facts: Facts = {"instanceId": bundle.instance_id, "sop": book.id, **_names(room, bundle), **given}
    desk = _Desk(room, bundle, began)
    transcript = run(steps, desk.desk(), facts)
    summary = desk.summary or summarize(room, bundle.instance_id, sop=book.id)
    diagnosis = room.app.diagnosis(bundle)
    root = diagnosis.root_cause
    better = tuple(sop.short_id for sop in about(room.app.sops.sops, root.id))[:3] if root else ()
    return Run(book, bundle, dict(given), tuple(phases or ()), note, transcript, summary, diagnosis, better)


def _names(room: Room, bundle: "Bundle") -> dict[str, str]:
    """What node and cluster are called, by the bundle; what the caller gives goes before it."""
    instance = room.app.section(bundle, "instance")
    named = (("node", instance.value("host_name")), ("clusterName", instance.value("cluster_name")))
    return {name: value for name, value in named if isinstance(value, str)}


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
        self._tools = functions()
        self.summary: SummaryAnswer | None = None

    def desk(self) -> Desk:
        """As the run sees it."""
        app, known = self._room.app, known_of(self._room, self._bundle)
        return Desk(
            tools=_shapes(self._outer),
            absent=_absent(self._outer),
            call=self._call,
            known=lambda: known,
            late=lambda level: app.now() - self._began > _LATE_S[level],
            checkpoint=self._outer.checkpoint,
            progress=self._outer.progress,
        )

    def _call(self, tool: str, arguments: Mapping[str, object]) -> Seen:
        if tool == "collect":
            return self._collected()
        answer = self._tools[tool](self._room, **bound(self._tools[tool], arguments))
        if isinstance(answer, SummaryAnswer):
            self.summary = answer
        seen = digest(answer)
        seen = replace(seen, answer=answer_digest(answer))
        root = self._room.app.diagnosis(self._bundle).root_cause
        if root is not None and "finding_ids" in seen.facts:  # what supports the root cause is cited first
            ids = tuple(dict.fromkeys(i for r in root.because for i in r.ids))[:6]
            seen = replace(seen, facts={**seen.facts, "finding_ids": ids or seen.facts["finding_ids"]})
        return seen

    def _collected(self) -> Seen:
        """The bundle was made sure of before the first step."""
        bundle = self._bundle
        return Seen(
            f"bundle at hand, captured {stamp(bundle.captured)}",
            (),
            {"executionId": f"archive-{bundle.digest}-{bundle.instance_id}"},
        )


def functions() -> dict[str, Callable[..., BaseModel]]:
    """The tools that a run may call, by name."""
    return {tool.__name__: tool for tool in RUNS}


def _shapes(room: Room) -> dict[str, ToolShape]:
    """The tools that a run may call here. A set that was switched off (another server has it), that changes something and
    was not switched on, or that has nobody to ask is left alone."""
    shut, found = _shut(room), {}
    for name, function in functions().items():
        if name in shut:
            continue
        parameters = list(inspect.signature(function).parameters.values())[1:]
        needs = frozenset(p.name for p in parameters if p.default is p.empty) | _NAMED.get(name, frozenset())
        accepts = frozenset(p.name for p in parameters) - ({"clusterName"} if name in _NAMED else set())
        if _may(room, name):
            found[name] = ToolShape(accepts, needs, contract().tools[name].toolset)
    return found


def _shut(room: Room) -> frozenset[str]:
    """Tools that have nobody to ask, since neither a region nor a kubeconfig is set."""
    settings = room.app.settings
    return frozenset() if settings.region or settings.kubeconfig else frozenset(tool.__name__ for tool in OUTSIDE)


def _may(room: Room, name: str) -> bool:
    toolset = contract().tools[name].toolset
    return toolset in room.app.settings.toolsets or (toolset in _ALWAYS and name not in _IF_ON)


def _absent(room: Room) -> dict[str, str]:
    """Why the other tools that runbooks name cannot be called in a run."""
    nobody = {name: f"{name}: no AWS region and no kubeconfig is set" for name in _shut(room)}
    return (
        dict(room.absent)
        | nobody
        | {
            name: f"{name}: start the server with --toolsets {spec.toolset}"
            for name, spec in contract().tools.items()
            if name in functions() and not _may(room, name)
        }
    )


def answer_digest(answer: BaseModel) -> str:
    """Sixteen hex digits of the SHA-256 of an answer's JSON: equal answers have equal ones."""
    return hashlib.sha256(answer.model_dump_json(exclude_none=True).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def bound(function: Callable[..., Any], arguments: Mapping[str, object]) -> dict[str, Any]:
    """A runbook's values in the types of the function's parameters: "cni,eni" is a list, "300" a number."""
    hints = get_type_hints(function, include_extras=True)
    if unknown := sorted(arguments.keys() - hints.keys()):
        raise BadInput(f"there is no such argument: {', '.join(unknown)}", "Correct the runbook.")
    # Whole lines: later steps ask about the pod that one of them names.
    values: dict[str, Any] = {"response_format": "detailed"} if function is errors else {}
    for name, value in arguments.items():
        hint = hints[name]
        items = value.split(",") if "list[" in str(hint) and isinstance(value, str) else value
        plain = [str(item).strip() for item in items] if isinstance(items, list | tuple) else items
        try:
            values[name] = TypeAdapter(hint).validate_python(plain)
        except ValidationError as error:
            raise BadInput(f"{name}: {one_line(error.errors()[0]['msg'], 120)}", "Correct the runbook.") from error
    return values
