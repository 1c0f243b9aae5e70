"""Tolerant readers of state files: JSON and Prometheus text as a collector leaves them.

curl writes nothing when ipamd is down, an HTTP error page when it is confused, half a document when its three seconds
are over; `ctr` and `docker inspect` write several documents after one another. Each reader says which of these it met:
missing evidence must never look like an empty pool."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...model import Evidence, LineRef

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

ReadOutcome = Literal["present", "empty", "unreadable", "truncated", "absent"]
"""present: read to its end; empty: no bytes, or null; unreadable: something else than the format; truncated: it stops
in the middle (documents before that are kept); absent: the bundle has no such file."""

QUOTE_CHARS = 300
_BLANK = " \t\r\n\x00\ufeff"
_MAX_FAILED_STARTS = 64
"""Brackets in error text are tried as the start of a document at most so often, so a hostile file costs little."""
_DECODER = json.JSONDecoder()
_START = re.compile(r"[{\[]")
_LOOKS_LIKE_JSON = re.compile(r"[{\[]\s*(?:[\"{}\[\]\d-]|$)")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]"]', re.DOTALL)
_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)\s*(?:\{(.*)\})?\s*([^\s{}]+)(?:\s+-?\d+)?$", re.ASCII)
_LABEL = re.compile(r'([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"', re.ASCII)


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """One document of a file, and where it stands: character offsets and the 1-based line of its start."""

    value: object
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class JsonRead:
    """What a JSON file held. `detail` says in our own words what stood there instead."""

    outcome: ReadOutcome
    documents: tuple[JsonDocument, ...] = ()
    detail: str = ""

    @property
    def first(self) -> object:
        """The value of the first document; None where there is none."""
        return self.documents[0].value if self.documents else None


@dataclass(frozen=True, slots=True)
class Sample:
    """One Prometheus sample and its 1-based line."""

    name: str
    labels: Mapping[str, str]
    value: float
    line: int


@dataclass(frozen=True, slots=True)
class PrometheusRead:
    """The samples of a metrics file, in file order."""

    outcome: ReadOutcome
    samples: tuple[Sample, ...] = ()
    file: str = ""

    def all(self, name: str) -> tuple[Sample, ...]:
        """Every sample of that name whose value is a number (NaN and infinities say nothing)."""
        return tuple(s for s in self.samples if s.name == name and math.isfinite(s.value))

    def one(self, name: str) -> Sample | None:
        """The first sample of that name; None where the metric is not there (which is not zero)."""
        return next(iter(self.all(name)), None)

    def ref(self, sample: Sample) -> LineRef:
        return LineRef(self.file, sample.line)


def read_json(text: str, cut: bool = False) -> JsonRead:
    """The documents in `text`, whatever stands before, between and after them. `cut`: the file has more."""
    body = text.strip(_BLANK)
    if not body:
        return JsonRead("empty")
    if body == "null":
        return JsonRead("empty", detail="the answer was null")
    documents: list[JsonDocument] = []
    position = failed = 0
    while failed < _MAX_FAILED_STARTS and (start := _START.search(text, position)):
        try:
            value, end = _DECODER.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            if _LOOKS_LIKE_JSON.match(text, start.start()):
                unfinished = _unfinished(text, start.start())
                return JsonRead(
                    "truncated" if unfinished else "unreadable",
                    tuple(documents),
                    "it stops in the middle of a document" if unfinished else "not valid JSON",
                )
            failed, position = failed + 1, start.end()
        else:
            documents.append(JsonDocument(value, start.start(), end, line_at(text, start.start())))
            position = end
    if not documents:
        return _scalar(text, body)
    return JsonRead("truncated" if cut else "present", tuple(documents), "the file was cut" if cut else "")


def _scalar(text: str, body: str) -> JsonRead:
    """A file that holds one bare string or number (eni-configs does), or no JSON at all."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return JsonRead("unreadable", detail="an HTML page" if body.startswith("<") else "text that is not JSON")
    start = text.index(body)
    return JsonRead("present", (JsonDocument(value, start, start + len(body), line_at(text, start)),))


def _unfinished(text: str, start: int) -> bool:
    """Whether the text ends before the bracket at `start` is closed."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        match token[0]:
            case '"':
                return True
            case "{" | "[":
                depth += 1
            case "}" | "]":
                depth -= 1
                if depth == 0:
                    return False
    return True


def read_prometheus(text: str, cut: bool = False, file: str = "") -> PrometheusRead:
    """The samples in `text`. The format ends every line with a newline, so a last line without one is half a line."""
    if not text.strip(_BLANK):
        return PrometheusRead("empty", file=file)
    lines = text.split("\n")
    half = lines.pop().strip(_BLANK)
    samples = tuple(_samples(lines))
    if not samples:
        return PrometheusRead("unreadable", file=file)
    return PrometheusRead("truncated" if cut or half else "present", samples, file)


def _samples(lines: list[str]) -> Iterator[Sample]:
    for number, line in enumerate(lines, 1):
        found = None if line.startswith("#") else _SAMPLE.match(line.strip(_BLANK))
        if found is None:
            continue
        try:
            value = float(found[3])
        except ValueError:
            continue
        yield Sample(found[1], {k: _unescape(v) for k, v in _LABEL.findall(found[2] or "")}, value, number)


def _unescape(label: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label)


def json_file(bundle: "Bundle", source: str) -> tuple["FileText | None", JsonRead]:
    """The best file of a source that holds one JSON file under several names: the first that could be read to its end,
    else the first there is."""
    best: tuple[FileText | None, JsonRead] = (None, JsonRead(_missing(bundle, source)))
    for file in bundle.texts(source):
        read = read_json(file.text, file.truncated)
        if read.outcome == "present":
            return file, read
        if best[0] is None:
            best = file, read
    return best


def metrics_file(bundle: "Bundle") -> PrometheusRead:
    """The metrics of ipamd."""
    reads = [read_prometheus(f.text, f.truncated, f.path) for f in bundle.texts("ipamd-metrics")]
    return next((r for r in reads if r.samples), reads[0] if reads else PrometheusRead(_missing(bundle, "ipamd-metrics")))


def _missing(bundle: "Bundle", source: str) -> ReadOutcome:
    return "empty" if bundle.coverage(source).state == "empty" else "absent"


def line_at(text: str, offset: int) -> int:
    """The 1-based line of a character offset."""
    return text.count("\n", 0, offset) + 1


def quote(source: str, file: "FileText", start: int, end: int) -> Evidence:
    """A verbatim piece of a state file as evidence; whole lines where they are short."""
    line_start = file.text.rfind("\n", 0, start) + 1
    line_end = file.text.find("\n", end)
    line_end = len(file.text) if line_end < 0 else line_end
    if line_end - line_start <= QUOTE_CHARS:
        start, end = line_start, line_end
    text = file.text[start:end].strip()[:QUOTE_CHARS]
    return Evidence(source, file.path, line_at(file.text, start), text)


def as_int(value: object) -> int | None:
    """A whole number, given as one or as text; None for anything else (booleans too)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,18}\s*", value):
        return int(value)
    return None


def as_flag(value: object) -> bool | None:
    """A boolean as Go's strconv.ParseBool takes it; None for anything else."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else None
    if word in ("1", "t", "true"):
        return True
    return False if word in ("0", "f", "false") else None


def as_map(value: object) -> Mapping[str, object]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """A JSON array; an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """A JSON string; "" for anything else."""
    return value if isinstance(value, str) else ""
