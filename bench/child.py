"""What is measured in a process of its own: admits (first-time costs, peak memory) and the memory of searches.

python -m bench.child admit ARCHIVE LIBRARY TIMES
python -m bench.child search LIBRARY PATTERN..."""

import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.tools.correlating import correlate
from eks_diag_mcp.tools.finding import errors
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.searching import search


def run(*arguments: object) -> Any:
    """What the child says; its failure is ours."""
    command = [sys.executable, "-m", "bench.child", *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def peak_mb() -> float:
    """The most memory that this process ever held, MB of 2^20 bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def admit(archive: Path, library: Path, times: int) -> dict[str, Any]:
    """Admit an archive so many times, each time into a library without bundles. Compiled patterns stay, as on a server."""
    app = App(Settings(library=library))
    seconds, cpu, peaks = [], [], []
    for _ in range(times):
        for folder in library.glob("v*/instance=*"):
            shutil.rmtree(folder)
        started, worked = time.perf_counter(), time.process_time()
        app.library.admit(archive, now=time.monotonic, wall=datetime.now(UTC))
        seconds.append(time.perf_counter() - started)
        cpu.append(time.process_time() - worked)
        peaks.append(peak_mb())
    return {"seconds": seconds, "cpu": cpu, "peaks": peaks}


def searching(library: Path, patterns: list[str]) -> dict[str, Any]:
    """Search, list errors and correlate, twice over."""
    room = Room(App(Settings(library=library)))
    for _ in range(2):
        for pattern in patterns:
            search(room, pattern)
            search(room, pattern, response_format="detailed")
        errors(room)
        correlate(room, timeWindow=900)
    return {"peak": peak_mb()}


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "admit":
        print(json.dumps(admit(Path(rest[0]), Path(rest[1]), int(rest[2]))))
    else:
        print(json.dumps(searching(Path(rest[0]), rest[1:])))
