"""Section api_server: did the API server answer the node while the bundle was collected?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section
from .readers.api_check import ApiCheck, Kind, Try, read_api_check
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("api-server-check", "kubeconfig")


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section. 401 and 403 are answers: whoever asked may not see the page, but the server is there."""
    check = read_api_check(bundle)
    readings = (*check.readings(), *(_reading(n, one) for n, one in enumerate(check.tries, 1)))
    issues = tuple(_issues(check))
    return Section(
        "api_server", conclude(bool(check.finished), issues), readings, issues, tuple(bundle.coverage(s) for s in SOURCES)
    )


def _reading(number: int, one: Try) -> Reading:
    words = {
        "answered": f"HTTP {one.http}" if one.http else "passed",
        "unhealthy": f"unhealthy, HTTP {one.http}" if one.http else "unhealthy",
        "unfinished": None,
    }
    value = words.get(one.kind, f"curl {one.curl}" if one.curl else one.kind)
    return Reading("outcome", value, ref=one.evidence.ref if one.evidence else None, scope=f"try {number}", note=one.says)


def _issues(check: ApiCheck) -> Iterator[Issue]:
    ended = check.finished
    if not ended:
        return
    for kind, key, what, cause, weight in _FAILURES:
        failed = check.of(kind)
        if not failed:
            continue
        every = len(failed) == len(ended)
        title = f"{len(failed)} of {len(ended)} calls to the API server {what}{': ' + failed[-1].says if failed[-1].says else ''}"
        causes = ("cert_expired", "clock_skew") if kind == "certificate" and "not yet valid" in failed[-1].says else cause
        yield Issue(key, title, "high" if every else "medium", _quotes(failed), causes, weight=weight if every else 2)
    sick = check.of("unhealthy")
    if sick:
        title = f"The API server answered {len(sick)} of {len(ended)} calls with an error of its own"
        yield Issue("api_server.unhealthy", title, "medium", _quotes(sick), ("kubelet_notready",), weight=2)


_FAILURES: tuple[tuple[Kind, str, str, tuple[str, ...], int], ...] = (
    ("unresolved", "api_server.name_unresolved", "could not resolve its name", ("dns",), 4),
    ("certificate", "api_server.certificate", "failed at its certificate", ("cert_expired",), 4),
    ("no_answer", "api_server.no_answer", "got no answer", ("kubelet_notready",), 3),
)


def _quotes(tries: tuple[Try, ...]) -> tuple[Evidence, ...]:
    return tuple(t.evidence for t in tries[:3] if t.evidence)
