"""Is ipamd up? By its answers (enis.json, metrics) and by the process list: yes, no, or not to be told.

curl writes nothing when nobody listens, so an empty file is a sign, and an absent one is none. A process that runs but
answers nobody is not up: ipamd serves its ports only once it has started through."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, Issue, LineRef, Reading
from .pool_log import SOURCES as LOG
from .processes import running
from .vpc_cni import VpcCni

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_ECHOES = r"127\.0\.0\.1:50051|ipamd\.sock|cni plugin not initialized|Timed out waiting for IPAM|Retrying waiting for IPAM-D"
_LAST_WORDS = r"Starting L-IPAMD|\"level\":\"(?:error|fatal|panic)\"|\[(?:ERROR|CRITICAL)\]|^panic: "
_ECHO_SOURCES = ("plugin-log", "aws-node", "kubelet-log", "containerd-log")


@dataclass(frozen=True, slots=True)
class Health:
    """`up`, and what it rests on: does the process run, does one of its ports answer. None = unknown."""

    up: bool | None
    process: bool | None
    answers: bool | None
    row: Evidence | None
    why: str

    def readings(self) -> Iterator[Reading]:
        row: LineRef | None = self.row.ref if self.row else None
        yield Reading("ipamd_up", self.up, ref=row, note=self.why)
        yield Reading(
            "ipamd_process", self.process, ref=row, note="aws-k8s-agent in the process list", usual=bool(self.up and self.process)
        )
        yield Reading(
            "ipamd_answers", self.answers, note="introspection or metrics port at the capture", usual=bool(self.up and self.answers)
        )

    def issues(self, bundle: "Bundle") -> Iterator[Issue]:
        if self.up is not False:
            return
        echo = bundle.latest(_ECHOES, _ECHO_SOURCES)
        last = bundle.latest(_LAST_WORDS, LOG)
        quotes = tuple(e for e in (self.row, last, echo) if e)
        causes = ("ip_allocation.ipamd_crash", "ip_allocation.kube_proxy_down", "ip_allocation.aws_node_absent")
        yield Issue("ipamd.down", f"ipamd was not up at the capture: {self.why}", "critical", quotes, causes, "echo", 2)


def read_health(bundle: "Bundle", cni: VpcCni) -> Health:
    """The health of ipamd at the capture."""
    process, row = running(bundle, "aws-k8s-agent")
    answers = _answers(cni)
    if answers:
        return Health(True, process, True, row, "it answered the collector")
    mute = cni.settings.flag("DISABLE_INTROSPECTION") and cni.settings.flag("DISABLE_METRICS")
    if process and mute:
        return Health(True, True, None, row, "its process runs; its ports are switched off by the settings")
    if answers is False and process:
        return Health(False, True, False, row, "its process runs but answered nothing: it has not started through")
    if answers is False and process is False:
        return Health(False, False, False, row, "no aws-k8s-agent process, and its ports answered nothing")
    if answers is False and not mute and cni.pool.outcome == cni.metrics.outcome == "empty":
        return Health(False, process, False, row, "neither its introspection nor its metrics port answered")
    return Health(None, process, answers, row, "the files that would tell are not in the bundle")


def _answers(cni: VpcCni) -> bool | None:
    """True: one of the two ports gave data; False: what was asked gave nothing; None: nothing was asked, or it was
    answered with something else."""
    if cni.pool.datastore or any(s.name.startswith("awscni_") for s in cni.metrics.samples):
        return True
    asked = {
        outcome
        for outcome, off in (
            (cni.pool.outcome, cni.settings.flag("DISABLE_INTROSPECTION")),
            (cni.metrics.outcome, cni.settings.flag("DISABLE_METRICS")),
        )
        if not off and outcome != "absent"
    }
    return False if asked == {"empty"} else None
