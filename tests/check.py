"""All checks, each with its time. Goes on after a failure, so that one run tells everything; fails in the end."""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
JUDGE = ["--judge", str(SHARED / "eval"), "--cases", str(SHARED / "cases")] if (SHARED / "cases").is_dir() else []

Part = tuple[str, list[str | Path]]
ALONE: tuple[Part, ...] = (("tests", [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile"]),)
"""Keeps both cores busy by itself."""
TOGETHER: tuple[tuple[Part, ...], ...] = (
    (
        ("ruff check", [BIN / "ruff", "check", "."]),
        ("ruff format", [BIN / "ruff", "format", "--check", "."]),
        ("mypy --strict", [BIN / "mypy"]),
        ("import-linter", [BIN / "lint-imports"]),
        ("cfn-lint", [BIN / "cfn-lint", "deploy/cloudformation.yaml"]),
        ("lint-sops", [sys.executable, "-m", "eks_diag_mcp", "lint-sops"]),
    ),
    (("judge", [sys.executable, "tests/judge.py", *JUDGE]),),
)
"""Each row on a core of its own."""
Ended = tuple[str, float, int]


def run(part: Part, output: Any = None) -> Ended:
    """A part's time and status; what it says goes to `output`, the terminal if None."""
    name, command = part
    started = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False, stdout=output, stderr=subprocess.STDOUT if output else None).returncode
    return name, time.monotonic() - started, status


def quietly(part: Part) -> tuple[Ended, str]:
    """A part that runs beside others: what it says is shown when it has ended."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        ended = run(part, output)
        output.seek(0)
        return ended, output.read()


def together() -> list[Ended]:
    """The rows of TOGETHER at the same time."""
    with ThreadPoolExecutor(len(TOGETHER)) as pool:
        rows = [pool.submit(lambda row=row: [quietly(part) for part in row]) for row in TOGETHER]
        ended = []
        for row in rows:
            for told, said in row.result():
                print(f"=== {told[0]}\n{said}", end="", flush=True)
                ended.append(told)
    return ended


def main() -> int:
    started = time.monotonic()
    ended = together()
    for part in ALONE:
        print(f"=== {part[0]}", flush=True)
        ended.append(run(part))
    print("=== times")
    for name, seconds, status in ended:
        print(f"{seconds:7.1f} s  {name}{'  FAILED' if status else ''}")
    print(f"{time.monotonic() - started:7.1f} s  in all")
    return any(status for _, _, status in ended)


if __name__ == "__main__":
    sys.exit(main())
