"""Many bundles: one search by one and by two Dask workers, and how a search grows with the number of bundles."""

import math
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from distributed import LocalCluster

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.config import Settings
from eks_diag_mcp.fleet.at_hand import Ask, at_hand
from eks_diag_mcp.fleet.dask_executor import DaskFleet
from eks_diag_mcp.fleet.executor import Executor, Threads
from eks_diag_mcp.fleet.searching import FleetHits, Question, search_fleet
from eks_diag_mcp.opening import open_library

from . import child
from .copies import copied
from .generate import generate
from .rows import Row

PATTERN = "10\\.0\\.17\\.2\\d\\d\\b"
"""Numbers only: no word by which a block could be passed over, so all text is read."""
_LIMIT_S = 600.0


def library_of(folder: Path, megabytes: int, bundles: int) -> Path:
    """A library of so many bundles of that size. They are one bundle under many names, so that making them takes no time."""
    archive = generate(folder / f"{megabytes}mb", megabytes)
    home = folder / f"fleet-{megabytes}mb-{bundles}"
    shutil.rmtree(home, ignore_errors=True)
    child.run("admit", archive, home, 1)
    bundle = Bundle(next(home.glob("v*/instance=*/bundle=*/manifest.json")).parent)
    for number in range(1, bundles):
        copied(bundle, f"i-{number:017x}", f"{number:04x}{bundle.digest[4:]}")
    return home


def searched(home: Path, executor: Executor) -> tuple[float, FleetHits]:
    """Seconds and hits of one search over all bundles."""
    settings = Settings(library=home)
    started = time.perf_counter()
    held = at_hand(App(settings).library, Ask()).held
    found = search_fleet(executor, open_library, settings, held, Question(PATTERN), _LIMIT_S)
    return time.perf_counter() - started, found


@contextmanager
def _workers(count: int) -> Iterator[Executor]:
    """A Dask cluster of so many processes of one thread each, on this machine's own address."""
    with LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield DaskFleet(cluster.scheduler_address, time.monotonic)


def workers(folder: Path, megabytes: int, runs: int) -> Row:
    """One search by one worker and by two, in turn; the hits are those of the threads of one process."""
    home = library_of(folder, megabytes, 20)
    _, expected = searched(home, Threads())
    pairs: list[tuple[float, float]] = []
    with _workers(1) as one, _workers(2) as two:
        for run in range(runs + 1):
            (alone, first), (together, second) = searched(home, one), searched(home, two)
            assert first.total == second.total == expected.total > 0 and not (first.failed or second.failed)
            if run:  # the first opens the libraries
                pairs.append((together, alone))
    ratios = [alone / together for together, alone in pairs]
    ours, reference = (statistics.median(column) for column in zip(*pairs, strict=True))
    note = f"times faster; 20 bundles of {megabytes} MB, {expected.total} hits as by threads"
    return Row("fleet_2_workers", "s", ours, reference, statistics.median(ratios), (min(ratios), max(ratios)), ">= 1.7", note)


def growth(folder: Path, counts: Sequence[int], megabytes: int = 6) -> Row:
    """How a search over all bundles grows with their number: the exponent."""
    points = []
    for count in counts:
        home = library_of(folder, megabytes, count)
        points.append((count, min(searched(home, Threads())[0] for _ in range(3))))
        shutil.rmtree(home)
    return grown("fleet search", points, "bundles")


def grown(what: str, points: Sequence[tuple[int, float]], unit: str) -> Row:
    """The exponent of seconds against size; the spread is that from one size to the next."""
    logs = [(math.log(size), math.log(seconds)) for size, seconds in points]
    x, y = statistics.mean(a for a, _ in logs), statistics.mean(b for _, b in logs)
    exponent = sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, _ in logs)
    steps = [(b2 - b1) / (a2 - a1) for (a1, b1), (a2, b2) in pairwise(logs)]
    note = f"{what}: " + ", ".join(f"{size} {unit} {seconds:.1f} s" for size, seconds in points)
    return Row("growth", "exponent", exponent, 1.05, exponent / 1.05, (min(steps), max(steps)), "<= 1.05", note)
