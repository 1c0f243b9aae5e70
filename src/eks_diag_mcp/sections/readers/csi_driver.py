"""A CSI driver as this node's bundle shows it: its pods that logged here, its version, its newest error."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ...model import Coverage, Evidence, Issue, Reading
from .processes import running
from .service_units import Unit, read_units
from .tables import rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_KLOG_ERROR = r"\b[EF]\d{4} \d\d:\d\d:\d\d\.\d{6}\s{1,10}\d{1,9} [\w./-]{1,60}:\d{1,5}\]"
_PYTHON_ERROR = r"\d\d:\d\d:\d\d(?:,\d{3})?(?: UTC)? - (?:ERROR|CRITICAL) - "
_VERSION = re.compile(r"v?\d{1,3}\.\d{1,3}\.\d{1,3}(?:-[\w.]{1,30})?", re.ASCII)
_RECENT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver. `kinds` are node, controller or both: only a node pod says how this node mounts. `alive` and `unit`
    say whether its process runs (Auto Mode runs it as a unit)."""

    source: str
    coverage: Coverage
    kinds: tuple[str, ...]
    version: str | None
    version_line: Evidence | None
    error: Evidence | None
    errors: int | None
    alive: bool | None
    unit: Unit | None

    @property
    def runs(self) -> bool | None:
        """True, False, or None where neither process list nor unit tells."""
        if self.unit:
            return self.unit.active == "active"
        return self.alive

    def readings(self) -> Iterator[Reading]:
        """What is common to all drivers."""
        kinds = ", ".join(self.kinds) or None
        yield Reading("driver_pods", kinds, note="kinds of its pods that left logs here")
        yield Reading("driver_running", self.runs, ref=self.unit.evidence.ref if self.unit else None)
        yield Reading("driver_version", self.version, ref=self.version_line.ref if self.version_line else None)
        yield Reading("error_lines", self.errors, "lines", self.error.ref if self.error else None)

    def shown_issues(self, bundle: "Bundle", section: str) -> Iterator[Issue]:
        """Its newest error line, for showing: the log's signatures say what such lines mean. And a driver that left
        logs but runs no more: its pod is between two starts, or was deleted a moment ago."""
        if "node" in self.kinds and self.runs is False:
            title = "The driver's node pod left logs here, but its process was not running at capture"
            quotes = (self.version_line,) if self.version_line else ()
            yield Issue(f"{section}.driver_absent", title, "low", quotes, (), "context", 1)
        if self.error is None:
            return
        recent = self.error.time is not None and bundle.captured - self.error.time <= _RECENT
        when = "within a quarter of an hour before the capture" if recent else "earlier"
        title = f"The driver logged {self.errors} error lines, the newest {when}"
        yield Issue(f"{section}.driver_errors", title, "low", (self.error,), (), "context", 1)


def read_driver(bundle: "Bundle", source: str, program: str, image: str, unit: str = "") -> Driver:
    """The driver whose logs are `source`. `image` names its repository in the image list."""
    coverage = bundle.coverage(source)
    errors = bundle.grep(rf"{_KLOG_ERROR}|{_PYTHON_ERROR}", (source,)) if coverage.readable else ()
    newest = max((e for e in errors if e.time), key=lambda e: e.time or bundle.captured, default=None)
    version, version_line = _version(bundle, source, image)
    return Driver(
        source,
        coverage,
        _kinds(coverage),
        version,
        version_line,
        newest or (errors[-1] if errors else None),
        len(errors) if coverage.readable else None,
        running(bundle, program)[0],
        read_units(bundle).get(unit),
    )


def _kinds(coverage: Coverage) -> tuple[str, ...]:
    words = {"controller": r"csi-controller", "node": r"csi-node|csi-driver\.txt$"}
    return tuple(k for k, pattern in words.items() if any(re.search(pattern, path) for path in coverage.files))


def _version(bundle: "Bundle", source: str, image: str) -> tuple[str | None, Evidence | None]:
    """By its own start line, else by the tag of its image (several images: unknown which one runs)."""
    line = bundle.latest(r"Driver Information\W{1,3}\s?Driver=|Driver: [\w.]{1,40} Version:|efs-utils driver version", (source,))
    found = _VERSION.search(line.text, line.text.lower().find("version")) if line else None
    if line and found:
        return found[0], line
    tags = {}
    for row in rows_of(bundle, "containerd-state", "containerd-images.txt"):
        if tag := re.search(rf"{re.escape(image)}:(v\d[\w.-]{{1,60}})", row.text, re.ASCII):
            tags[tag[1]] = row.evidence
    return next(iter(tags.items())) if len(tags) == 1 else (None, None)
