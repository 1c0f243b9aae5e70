"""The node that every client diagnoses, and the server that it does so with: over stdio or as a process on loopback."""

import contextlib
import dataclasses
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import scenarios

SCENARIO = "subnet-exhausted"
ROOT = Path(__file__).parents[2]
READINGS = ("enis_used", "enis_max", "ips_assigned")
_START_TRIES = 300


@dataclasses.dataclass(frozen=True)
class House:
    """A folder with the archives of the scenario's node. Each run of a client gets a library of its own in it."""

    folder: Path

    def __post_init__(self) -> None:
        scenarios.load(SCENARIO).write(self.folder / "archives")

    @property
    def expected(self) -> str | None:
        """The root cause that the node was made with."""
        return scenarios.load(SCENARIO).expect.root_cause

    def job(self, name: str, era: str | None, url: str | None, cold: bool = False) -> dict[str, Any]:
        """What a driver is told; `name` is that of the run. cold: nothing is compiled yet, as when the product is first used."""
        scenario = scenarios.load(SCENARIO)
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True)
        return {
            "instance_id": scenario.instance_id,
            "readings": {key: scenario.expect.readings[key] for key in READINGS},
            "command": sys.executable,
            "args": self._arguments(name),
            "env": self._environment(name if cold else ""),
            "url": url,
            "era": era,
            "folder": str(place),
        }

    @contextlib.contextmanager
    def listening(self, name: str, app: str | None = None, cold: bool = False) -> Iterator[str]:
        """The server over HTTP on a free port of loopback, for as long as the context lasts; gives the address of /mcp. `app` is
        a module to run instead of the product; it takes --library, --http and --rate."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        listen = ["--http", f"127.0.0.1:{port}", "--rate", "100000"]
        told = ["-m", app, "--library", str(self.folder / name)] if app else [*self._arguments(name), "serve"]
        process = subprocess.Popen(
            [sys.executable, *told, *listen], env={**os.environ, **self._environment(name if cold else "")}, cwd=ROOT
        )
        try:
            _await(f"http://127.0.0.1:{port}/healthz", process)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()
            process.wait(60)

    def _arguments(self, name: str) -> list[str]:
        library = self.folder / name / "library"
        return ["-m", "eks_diag_mcp", "--archives", str(self.folder / "archives"), "--library", str(library)]

    def _environment(self, place: str) -> Mapping[str, str]:
        """Patterns are compiled once for all runs of a place; nothing outside is asked, whatever the machine knows of AWS."""
        return {"EKS_DIAG_PATTERNS": str(self.folder / place / "patterns"), "EKS_DIAG_LOG_LEVEL": "ERROR", "HOME": str(self.folder)}


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Until the server answers. RuntimeError where it ended first."""
    for _ in range(_START_TRIES):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
    raise RuntimeError("the server does not answer")
