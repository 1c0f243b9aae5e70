"""The measurements: ours and the reference in turn, in one run, warm."""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.config import Settings
from eks_diag_mcp.errors import BadPattern
from eks_diag_mcp.runbooks.calls import written
from eks_diag_mcp.tools.correlating import correlate
from eks_diag_mcp.tools.finding import errors
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.running import bound
from eks_diag_mcp.tools.searching import search

from . import child, references, truth
from .fleet import grown
from .generate import END, generate
from .rows import Row, bounded, paired

SELECTIVE = (
    "InsufficientCidrBlocks",
    "soft lockup - CPU#\\d+ stuck",
    "x509: certificate has expired",
    "panic: runtime",
    "10\\.0\\.17\\.233\\b",
)
EARLY = ("SyncLoop", "request served", "containerd", "TearDown")
LATE = ("Solicit on eth3", "syscall=17 ", "Interface count \\d+ exceeds")
WINDOWED = ("Pod status updated", "TearDown network", "IP stats - total")
DEADLINE_S = 5.0
HOSTILE = (
    "(a+)+$",
    "(?:a|aa)+$|\\A(\\w|\\w\\w)+\\s*$",
    "(?<!x)(A+A+)+b",
    "\\A.{30000}x",
    "(?:a{500}){500}",
    "|".join(f"word{n}" for n in range(20_000)),
    "(" * 400 + "A" + ")" * 400 + "+$",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where it is done and how often."""

    folder: Path
    megabytes: int
    runs: int
    archive: Path
    library: Path
    text: Path

    @classmethod
    def prepare(cls, folder: Path, megabytes: int, runs: int) -> "Bench":
        """The data, the compiled patterns, an admitted bundle and its text."""
        place = folder / f"{megabytes}mb"
        archive = generate(place, megabytes)
        child.run("admit", archive, place / "library", 1)
        bench = cls(place, megabytes, runs, archive, place / "library", place / "text")
        references.write_text(bench.bundle, bench.text)
        return bench

    @property
    def bundle(self) -> Bundle:
        return Bundle(next(self.library.glob("v*/instance=*/bundle=*/manifest.json")).parent)

    def room(self) -> Room:
        return Room(App(Settings(library=self.library)))


def timed(call: Callable[[], object]) -> float:
    """Seconds."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def admits(bench: Bench, runs: int) -> list[Row]:
    """Admit, twice in a process, against pigz and rg with our own signature patterns."""
    patterns = truth.write_patterns(bench.folder / "signatures.txt")
    first, second, peaks = [], [], []
    for _ in range(runs):
        reference = references.unpack_and_count(bench.archive, patterns)
        done = child.run("admit", bench.archive, bench.library, 2)
        first.append((done["seconds"][0], reference))
        second.append((done["seconds"][1], reference))
        peaks.append(done["peaks"][-1])
    return [paired("admit_first", first, 1.8), paired("admit", second, 1.5), bounded("admit_memory", "MB", peaks, 180)]


def flat(bench: Bench) -> Row:
    """Ten admits in one process."""
    return bounded("admit_memory", "MB", child.run("admit", bench.archive, bench.library, 10)["peaks"], 180, "ten in one process")


def searches(bench: Bench) -> list[Row]:
    """Searches against rg over the same text."""
    room = bench.room()
    sop = max(_median(bench, lambda how=how: search(room, **how)) for how in sop_searches(room.app)) * 1000
    listed = [timed(lambda: errors(room)) * 1000 for _ in range(bench.runs + 1)][1:]
    middle = datetime.fromtimestamp(END - 20 * 3600, UTC)
    window = {"startTime": middle.isoformat(), "endTime": (middle + timedelta(minutes=30)).isoformat()}
    around = [
        (timed(lambda: correlate(room, timeWindow=900)), references.ripgrep(bench.text, "CrashLoopBackOff")[0])
        for _ in range(bench.runs + 1)
    ][1:]
    memory = [child.run("search", bench.library, *SELECTIVE, *EARLY, *LATE)["peak"]]
    return [
        _against(bench, room, "search_selective", SELECTIVE, 2.0, {}, worst=3.0),
        _against(bench, room, "search_first_page", EARLY, 0.5, {"maxResults": 50}),
        _against(bench, room, "search_first_page", LATE, 1.2, {"maxResults": 50}, "hits late or few"),
        _against(bench, room, "search_window", WINDOWED, 0.4, window, "30 minutes"),
        _against(
            bench, room, "search_source", ("Pod status updated", "PLEG is not healthy"), 0.4, {"logTypes": ["kubelet"]}, "kubelet"
        ),
        bounded("sop_query", "ms", [sop], 10, "the slowest of all"),
        bounded("errors", "ms", [statistics.median(listed)], 10),
        paired("correlate", around, 0.5, "30 minutes"),
        bounded("search_memory", "MB", memory, 160),
    ]


def sop_searches(app: App) -> list[dict[str, Any]]:
    """The arguments of every search that a runbook names, as it names them."""
    found: dict[tuple[tuple[str, str], ...], None] = {}
    for sop in app.sops.sops:
        for call in written(sop.text):
            if call.tool == "search":
                given = {a.key: a.value for a in call.arguments if a.key in ("query", "logTypes") and a.value}
                if "query" in given and "<" not in given["query"].replace("[<sl+N]", ""):
                    found[tuple(sorted(given.items()))] = None
    return [bound(search, dict(items)) for items in found]


def _median(bench: Bench, call: Callable[[], object]) -> float:
    call()
    return statistics.median(timed(call) for _ in range(bench.runs))


def _against(
    bench: Bench,
    room: Room,
    name: str,
    patterns: Sequence[str],
    bar: float,
    how: dict[str, object],
    note: str = "",
    worst: float = 0,
) -> Row:
    """A row over several patterns: the median of their medians; the spread is that of single pairs."""
    pairs: list[tuple[float, float]] = []
    medians = []
    for pattern in patterns:
        search(room, pattern, **how)  # type: ignore[arg-type]
        own = [
            (timed(lambda p=pattern: search(room, p, **how)), references.ripgrep(bench.text, pattern)[0])  # type: ignore[arg-type,misc]
            for _ in range(bench.runs)
        ]
        medians.append(statistics.median(a / b for a, b in own))
        pairs += own
    told = f"worst pattern {max(medians):.2f} (<= {worst})" if worst else note
    row = paired(name, pairs, bar, told)
    return Row(row.name, row.unit, row.ours, row.reference, statistics.median(medians), row.spread, row.bar, row.note)


def hits(bench: Bench) -> Row:
    """Equal sets of hits, and the truth."""
    room = bench.room()
    patterns = (*SELECTIVE, *LATE, "failed to assign", "level.{1,3}error", "\\berror\\b.*\\d{3}", "^one$")
    equal, every = 0, 0
    for pattern in patterns:
        ours, theirs = truth.ours(bench.bundle, pattern), truth.theirs(bench.text, pattern)
        equal, every = equal + len(ours & theirs), every + len(ours | theirs)
    known, wrong = truth.missed(room.app, bench.bundle, bench.archive.with_suffix("").with_suffix(".truth.jsonl"))
    note = f"{len(patterns)} patterns; {known - wrong} of {known} faults of the truth file with line, text and time"
    ratio = equal / max(1, every)
    return Row("hits", "lines", equal, every, ratio, (ratio, ratio), "equal", note)


def disk(bench: Bench) -> Row:
    """The bundle on disk against the raw text."""
    stored = sum(p.stat().st_size for p in bench.bundle.folder.rglob("*") if p.is_file()) / 1e6
    raw = sum(e.size for e in bench.bundle.manifest.files if e.same_as is None) / 1e6
    return Row("disk", "MB", stored, raw, stored / raw, (stored / raw, stored / raw), "<= 0.14")


def hostile(bench: Bench) -> Row:
    """Patterns made to hang: each call ends in time, with an answer or a reason."""
    room, seconds = bench.room(), []
    for pattern in HOSTILE:
        started = time.perf_counter()
        with suppress(BadPattern):
            search(room, pattern)
        seconds.append(time.perf_counter() - started)
    return bounded("hostile", "s", seconds, DEADLINE_S, f"{len(HOSTILE)} patterns")


def server(bench: Bench) -> list[Row]:
    """From the start of the server to its list of tools, and what it then holds."""
    empty = references.empty_server(bench.folder)
    ours = ("-m", "eks_diag_mcp", "--library", bench.library)
    pairs, memory = [], []
    for run in range(bench.runs + 1):
        reference, (seconds, held) = references.first_list([empty])[0], references.first_list(ours)
        if run:  # the first reads the modules from disk
            pairs.append((seconds, reference))
            memory.append(held)
    return [paired("start", pairs, 1.2), bounded("idle_memory", "MB", memory, 90)]


def growth(folder: Path, sizes: Sequence[int]) -> Row:
    """How the work of an admit (CPU seconds: others may use the machine) grows with the size: the exponent."""
    points = []
    for size in sizes:
        archive = generate(folder / f"{size}mb", size)
        points.append((size, min(child.run("admit", archive, folder / f"{size}mb" / "library", 2)["cpu"])))
    return grown("admit, CPU", points, "MB")


def gigabyte(folder: Path) -> Row:
    """The memory of an admit of 1,000 MB."""
    place = folder / "1000mb"
    child.run("admit", generate(folder / "6mb", 6), place / "library", 1)  # compiles the patterns, once for a machine
    peaks = child.run("admit", generate(place, 1000), place / "library", 1)["peaks"]
    return bounded("admit_memory_1gb", "MB", peaks, 190)


def others(bench: Bench) -> list[Row]:
    """What else could answer a search, against rg."""
    pattern = SELECTIVE[0]
    rg = statistics.median(references.ripgrep(bench.text, pattern)[0] for _ in range(bench.runs))
    rows = []
    for note, seconds in (
        ("DuckDB over the store", references.duckdb_scan(bench.bundle.folder, pattern)),
        ("Python re, line by line", references.plain_loop(bench.text, pattern)),
    ):
        rows.append(Row("search_others", "s", seconds, rg, seconds / rg, (seconds / rg, seconds / rg), "none", note))
    return rows
