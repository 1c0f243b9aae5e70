"""The collector's own calls to the API server: networking/curl_api_server.txt (five runs of `curl -v .../livez?verbose`)
and, from the node monitoring agent, networking/get_api_server.txt (the bare answer; why there is none stands in
log-capture-errors.log).

curl's progress meter ends in carriage returns, so an answer may stand in the middle of a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...model import Evidence, LineRef, Reading
from .state_files import QUOTE_CHARS, line_at

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

Kind = Literal["answered", "unresolved", "certificate", "no_answer", "unhealthy", "unfinished"]
"""answered: it is reachable, whatever it thinks of the caller (401 and 403 are answers); unhealthy: it says so itself;
unfinished: the file ends before an outcome."""

_START = re.compile(r"(?m)^curling \S+ \(\d+ of \d+\)|^\s*% Total\s+% Received|sending GET request to http")
_HTTP = re.compile(r"< HTTP/[\d.]+ (\d{3})[^\r\n]*")
_CURL = re.compile(r"curl: \((\d{1,3})\) ([^\r\n]*)")
_VERDICT = re.compile(r"(livez|healthz|readyz) check (passed|failed)")
_STATUS = re.compile(r'"code": ?(\d{3})\b')
_GO = re.compile(r"(?:failed to make api server request|failed to read api server response): ([^\r\n]*)")
_CERTIFICATE = re.compile(r"x509|certificate|\bSSL certificate\b", re.IGNORECASE)
_SERVER = re.compile(r"(?m)^\s*server:\s*[\"']?(\S+?)[\"']?\s*$")
_TLS_CODES = frozenset((51, 58, 60, 77, 83, 90, 91))
"""curl's exit codes that speak of a certificate; 35 does where its text says so."""


@dataclass(frozen=True, slots=True)
class Try:
    """One call. `http` and `curl` are its codes, None where it did not come to one; `says` is curl's own message."""

    kind: Kind
    http: int | None
    curl: int | None
    says: str
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class ApiCheck:
    """All calls, and where they went."""

    tries: tuple[Try, ...]
    endpoint: str | None
    endpoint_ref: LineRef | None

    @property
    def finished(self) -> tuple[Try, ...]:
        return tuple(t for t in self.tries if t.kind != "unfinished")

    def of(self, *kinds: Kind) -> tuple[Try, ...]:
        return tuple(t for t in self.tries if t.kind in kinds)

    @property
    def reachable(self) -> bool | None:
        """Whether any call got an answer; None where no call came to an end."""
        return bool(self.of("answered", "unhealthy")) if self.finished else None

    def readings(self) -> Iterator[Reading]:
        ref = next((t.evidence.ref for t in self.tries if t.evidence), None)
        yield Reading(
            "api_server_endpoint", self.endpoint, ref=self.endpoint_ref, note="kubeconfig of kubelet" if self.endpoint else ""
        )
        yield Reading("api_server_reachable", self.reachable, ref=ref, note="at the capture, from the host's network")
        yield Reading("api_server_tries", len(self.tries) or None, "calls")
        yield Reading("api_server_answered", len(self.of("answered", "unhealthy")) if self.finished else None, "calls")
        unresolved = self.of("unresolved")
        yield Reading("api_server_name_resolved", not unresolved if self.finished else None, ref=_ref(unresolved))


def _ref(tries: tuple[Try, ...]) -> LineRef | None:
    return next((t.evidence.ref for t in tries if t.evidence), None)


def read_api_check(bundle: "Bundle") -> ApiCheck:
    """The calls in the bundle, in order."""
    tries = [t for file in bundle.texts("api-server-check") for t in _tries(file)]
    if tries and not any(t.kind != "unfinished" for t in tries):
        tries = list(_from_errors(bundle)) or tries
    for file in bundle.texts("kubeconfig"):
        if found := _SERVER.search(file.text):
            return ApiCheck(tuple(tries), found[1], LineRef(file.path, line_at(file.text, found.start(1))))
    return ApiCheck(tuple(tries), None, None)


def _tries(file: "FileText") -> Iterator[Try]:
    """One a start mark; a header line and the meter right behind it are one mark."""
    marks = list(_START.finditer(file.text))
    starts = [m.start() for n, m in enumerate(marks) if n == 0 or _ended(file.text, marks[n - 1].start(), m.start())]
    starts = starts or ([0] if _CURL.search(file.text) or _HTTP.search(file.text) else [])
    for start, end in zip(starts, [*starts[1:], len(file.text)], strict=False):
        yield _try(file, start, end)


def _ended(text: str, start: int, end: int) -> bool:
    """Whether the call that starts there came to an outcome before the next mark. A meter follows its header at once."""
    if any(p.search(text, start, end) for p in (_HTTP, _CURL, _VERDICT, _STATUS)):
        return True
    return not text.startswith("curling", start) or text.startswith("curling", end)


def _try(file: "FileText", start: int, end: int) -> Try:
    text = file.text
    http, curl = _last(_HTTP, text, start, end), _CURL.search(text, start, end)
    verdict, status = _VERDICT.search(text, start, end), _STATUS.search(text, start, end)
    code = int(http[1]) if http else int(status[1]) if status else None
    best = http or verdict or status or curl
    if curl and code is None:
        return Try(_kind_of(int(curl[1]), curl[2]), None, int(curl[1]), curl[2].strip()[:QUOTE_CHARS], _quote(file, curl))
    if code is None and verdict is None:
        return Try("unfinished", None, None, "", None)
    failed = (verdict is not None and verdict[2] == "failed") or (code is not None and code >= 500)
    telling = verdict if failed and verdict else best
    return Try(
        "unhealthy" if failed else "answered", code, int(curl[1]) if curl else None, "", _quote(file, telling) if telling else None
    )


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text, start, end):  # noqa: B007 - a proxy's "200 Connection established" comes before
        pass
    return found


def _kind_of(code: int, says: str) -> Kind:
    if code in (5, 6):
        return "unresolved"
    if code in _TLS_CODES or (code == 35 and _CERTIFICATE.search(says)):
        return "certificate"
    return "no_answer"


def _from_errors(bundle: "Bundle") -> Iterator[Try]:
    """What the node monitoring agent noted instead of an answer (messages of Go's net and tls packages)."""
    for file in bundle.texts("capture-errors"):
        for found in _GO.finditer(file.text):
            says = found[1]
            kind: Kind = "unresolved" if re.search(r"no such host|lookup \S+.*(?:timeout|misbehaving)", says) else "no_answer"
            kind = "certificate" if _CERTIFICATE.search(says) else kind
            evidence = Evidence("capture-errors", file.path, line_at(file.text, found.start()), found[0][:QUOTE_CHARS])
            yield Try(kind, None, None, says[:QUOTE_CHARS], evidence)


def _quote(file: "FileText", found: re.Match[str]) -> Evidence:
    return Evidence("api-server-check", file.path, line_at(file.text, found.start()), found[0].strip()[:QUOTE_CHARS])
