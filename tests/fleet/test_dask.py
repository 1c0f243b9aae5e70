"""A Dask cluster answers as the threads do, and what of it dies is told: nothing hangs, nothing is lost silently."""

import itertools
import os
import time
from pathlib import Path

import dask.config
import pytest
import trustme

from eks_diag_mcp import __version__
from eks_diag_mcp.errors import Unavailable, Unreachable
from eks_diag_mcp.fleet.at_hand import Ask, at_hand
from eks_diag_mcp.fleet.dask_executor import DaskFleet, on_worker
from eks_diag_mcp.fleet.executor import Executor, Failure, Threads
from eks_diag_mcp.fleet.hunt import Order
from eks_diag_mcp.fleet.searching import FleetHits, Question, search_fleet
from eks_diag_mcp.opening import open_library

from . import work
from .conftest import Fleet
from .dask_cluster import Cluster, started

LONG_S = 60.0


def nothing() -> None:
    """A caller that still waits."""


class GaveUp(Exception):
    """The caller went away."""


def searched(fleet: Fleet, executor: Executor, query: str) -> FleetHits:
    held = at_hand(fleet.app.library, Ask()).held
    return search_fleet(executor, open_library, fleet.app.settings, held, Question(query), LONG_S)


@pytest.mark.parametrize("query", [r"Insufficient\w+", "10[.]0[.][0-9]+[.][0-9]+"])
def test_workers_find_the_lines_that_threads_find(four: Fleet, dask: Cluster, query: str) -> None:
    threads, workers = searched(four, Threads(), query), searched(four, DaskFleet(dask.address, time.monotonic), query)
    assert threads.total > 0 and threads.searched == 4
    assert workers == threads


def test_a_search_whose_worker_is_killed_is_done_by_another(four: Fleet, tmp_path: Path) -> None:
    cluster = started(tmp_path, 2)
    try:
        held = at_hand(four.app.library, Ask()).held
        said = four.app.settings.model_dump_json()
        orders = [
            Order(open_library, said, h.instance_id, h.digest, "InsufficientFree", None, Question("").window, LONG_S) for h in held
        ]
        marker = str(tmp_path / "killed")
        run = DaskFleet(cluster.address, time.monotonic).run(work.killed_once, [(marker, o) for o in orders], nothing, LONG_S)
        found = {item[1].instance_id: told.total for item, told in run}
        assert os.path.exists(marker) and sorted(p.poll() for p in cluster.processes[1:] if p.poll() is not None) == [-9]
        assert found == {n.instance_id: n.total for n in searched(four, Threads(), "InsufficientFree").nodes} | {
            h.instance_id: 0 for h in held if h.instance_id != four.ids["subnet-exhausted"]
        }
    finally:
        cluster.close()


def test_work_that_workers_die_of_is_given_up_and_named(tmp_path: Path) -> None:
    cluster = started(tmp_path, 4, allowed_failures=1)
    try:
        found = dict(DaskFleet(cluster.address, time.monotonic).run(work.deadly, [0, 1, 2], nothing, LONG_S))
        assert found == {0: 0, 1: Failure("its workers died again and again"), 2: 4}
    finally:
        cluster.close()


def test_a_scheduler_that_is_gone_is_a_clear_error() -> None:
    run = DaskFleet("tcp://127.0.0.1:9", time.monotonic).run(work.doubled, [1], nothing, LONG_S)
    with pytest.raises(Unreachable, match=r"No Dask scheduler answers at tcp://127.0.0.1:9"):
        next(run)


def test_a_scheduler_lost_in_the_middle_leaves_what_was_found_and_the_reason(tmp_path: Path) -> None:
    fifo = tmp_path / "go"
    os.mkfifo(fifo)
    cluster = started(tmp_path, 2)
    try:
        told = f"{cluster.scheduler.pid} {fifo}"
        run = DaskFleet(cluster.address, time.monotonic).run(work.scheduler_killer, [(0, told), (1, told)], nothing, LONG_S)
        assert next(run) == ((0, told), 0)
        fifo.write_text("go")
        assert list(run) == [((1, told), Failure("the connection to the Dask scheduler was lost"))]
    finally:
        cluster.close()


def test_without_workers_the_deadline_ends_the_wait(tmp_path: Path) -> None:
    reads = itertools.count()
    cluster = started(tmp_path, 0)
    try:
        found = list(DaskFleet(cluster.address, lambda: float(next(reads))).run(work.doubled, [1, 2], nothing, 10))
        assert found == [(1, Failure("the scheduler has no worker")), (2, Failure("the scheduler has no worker"))]
        assert next(reads) == 11  # a second passes whenever the clock is read
    finally:
        cluster.close()


def test_a_worker_of_another_version_does_nothing_and_says_so() -> None:
    assert on_worker((work.doubled, 1, __version__)) == 2
    assert on_worker((work.doubled, 1, "0.0.9")) == Failure(f"its worker runs version {__version__}, this server 0.0.9")


def test_a_caller_that_gives_up_leaves_no_task_behind(tmp_path: Path) -> None:
    fifo = tmp_path / "go"
    os.mkfifo(fifo)
    asked: list[int] = []

    def check() -> None:
        if asked:
            raise GaveUp

    cluster = started(tmp_path, 1)
    try:
        run = DaskFleet(cluster.address, time.monotonic).run(work.waits, [(n, str(fifo)) for n in range(9)], check, LONG_S)
        assert next(run) == ((0, str(fifo)), 0)
        asked.append(1)
        with pytest.raises(GaveUp):
            next(run)
        with cluster.client() as client:
            assert client.run_on_scheduler(_waiting) == 0
    finally:
        cluster.close()


def _waiting(dask_scheduler: object) -> int:
    """Tasks that somebody still wants."""
    return sum(bool(task.who_wants) for task in dask_scheduler.tasks.values())  # type: ignore[attr-defined]


def test_an_unforeseen_fault_costs_one_item(dask: Cluster) -> None:
    for executor in (DaskFleet(dask.address, time.monotonic), Threads()):
        found = dict(executor.run(work.broken, [0, 1, 2], nothing, LONG_S))
        assert found == {0: 0, 1: Failure("the work on it failed (ZeroDivisionError)"), 2: 4}


def test_tls_proves_both_sides_by_dasks_own_settings(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    paths = {name: str(tmp_path / f"{name}.pem") for name in ("ca", "own", "strange")}
    authority.cert_pem.write_to_path(paths["ca"])
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(paths["own"])
    stranger.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(paths["strange"])

    def told(cert: str) -> dict[str, str]:
        both = {f"distributed.comm.tls.{side}.cert": paths[cert] for side in ("client", "scheduler", "worker")}
        return {"distributed.comm.tls.ca-file": paths["ca"], **both}

    with dask.config.set(told("own")):
        cluster = started(tmp_path, 1, tls=(paths["ca"], paths["own"]))
    try:
        assert cluster.address.startswith("tls://")
        executor = DaskFleet(cluster.address, time.monotonic)
        with dask.config.set(told("own")):
            assert list(executor.run(work.doubled, [4], nothing, LONG_S)) == [(4, 8)]
        with dask.config.set(told("strange")), pytest.raises(Unreachable):
            list(executor.run(work.doubled, [4], nothing, LONG_S))
        with pytest.raises(Unavailable, match="told of no certificates"):
            list(executor.run(work.doubled, [4], nothing, LONG_S))
    finally:
        cluster.close()
