"""All checks in order, each with its time. Goes on after a failure, so that one run tells everything; fails in the end."""

import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
JUDGE = ["--judge", str(SHARED / "eval"), "--cases", str(SHARED / "cases")] if (SHARED / "cases").is_dir() else []

PARTS = (
    ("ruff check", [BIN / "ruff", "check", "."]),
    ("ruff format", [BIN / "ruff", "format", "--check", "."]),
    ("mypy --strict", [BIN / "mypy"]),
    ("import-linter", [BIN / "lint-imports"]),
    ("cfn-lint", [BIN / "cfn-lint", "deploy/cloudformation.yaml"]),
    ("lint-sops", [sys.executable, "-m", "eks_diag_mcp", "lint-sops"]),
    ("tests", [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile"]),
    ("judge", [sys.executable, "tests/judge.py", *JUDGE]),
)


def main() -> int:
    times, failed = [], []
    for name, command in PARTS:
        print(f"=== {name}", flush=True)
        started = time.monotonic()
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        times.append((name, time.monotonic() - started, status))
        if status:
            failed.append(name)
    print("=== times")
    for name, seconds, status in times:
        print(f"{seconds:7.1f} s  {name}{'  FAILED' if status else ''}")
    print(f"{sum(t for _, t, _ in times):7.1f} s  in all")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
