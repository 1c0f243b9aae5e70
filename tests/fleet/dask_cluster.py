"""A real Dask scheduler with workers, each a process of its own on 127.0.0.1."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import Client

ROOT = Path(__file__).parents[2]
_QUIET = {"DASK_LOGGING__DISTRIBUTED": "error"}


@dataclass
class Cluster:
    """The scheduler's address and all processes, the scheduler first."""

    address: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    tls: tuple[str, ...] = ()

    @property
    def scheduler(self) -> subprocess.Popen[bytes]:
        return self.processes[0]

    def worker(self, *more: str) -> None:
        """One more worker; its place in `processes` is its number."""
        flags = ["--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--no-nanny", *more]
        local = ["--local-directory", str(self.folder / f"worker{len(self.processes)}")]
        self.processes.append(_started("dask_worker", self.address, *flags, *local, *self.tls))

    def ready(self, workers: int) -> None:
        """Waits until so many are there."""
        with self.client() as client:
            client.wait_for_workers(workers, timeout=60)

    def client(self) -> Any:
        make: Any = Client
        return make(self.address, timeout=30, set_as_default=False)

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait(30)


def started(folder: Path, workers: int, allowed_failures: int = 3, tls: tuple[str, str] | None = None) -> Cluster:
    """A cluster with so many workers, of one thread each. `tls`: files of the authority and of the certificate with its key."""
    secure = ("--tls-ca-file", tls[0], "--tls-cert", tls[1]) if tls else ()
    told = folder / "scheduler.json"
    scheduler = _started(
        "dask_scheduler",
        *("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)),
        *((*secure, "--protocol", "tls") if tls else ()),
        env={"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures)},
    )
    make: Any = Client
    with make(scheduler_file=str(told), timeout=60, set_as_default=False):  # waits for the file
        address = json.loads(told.read_text())["address"]
    cluster = Cluster(address, folder, [scheduler], secure)
    for _ in range(workers):
        cluster.worker()
    if workers:
        cluster.ready(workers)
    return cluster


def _started(module: str, *arguments: str, env: dict[str, str] | None = None) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
    told = {**os.environ, **_QUIET, **(env or {}), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=told, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
