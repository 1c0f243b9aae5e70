"""Runs the judge of incidents on this server, with the bars of the project. Its report goes to the terminal.

python tests/judge.py [--judge FOLDER] [--cases FOLDER] [further options of the judge]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
BARS = ["--max-false-alarms", "0", "--max-bait", "0", "--max-errors", "0", "--max-median-bytes", "20000", "--max-sop-chars", "6000"]
IP_TOP1, IP_RECALL = 0.80, 0.95
"""Bars for the ip_allocation rows alone, which the judge's own options do not know."""
SOP_CHARS = 6_000
"""The most that the longest answer of run_sop may have; the judge's own bar is for the median."""


def ip_allocation(result: dict) -> list[str]:
    """The bars of the ip_allocation rows that are not met."""
    rows = [r for r in result["cases"] if r["category"].startswith("ip_allocation.")]
    below = []
    for key, bar in (("top1", IP_TOP1), ("recall", IP_RECALL)):
        values = [r[key] for r in rows if r[key] is not None]
        share = sum(values) / len(values)
        print(f"ip_allocation {key}: {sum(values)} of {len(values)} = {share:.2f} (bar {bar})")
        if share < bar:
            below.append(f"ip_allocation {key} {share:.2f} < {bar}")
    longest = max((r["sop_chars"], r["id"]) for r in rows if r.get("sop_chars"))
    print(f"run_sop, longest answer: {longest[0]} characters on {longest[1]} (bar {SOP_CHARS})")
    if longest[0] > SOP_CHARS:
        below.append(f"run_sop {longest[0]} characters on {longest[1]} > {SOP_CHARS}")
    return below


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", type=Path, default=HERE / "eval")
    parser.add_argument("--cases", type=Path, default=HERE / "eval" / "cases")
    options, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        server = [sys.executable, "-m", "eks_diag_mcp", "--library", str(Path(folder) / "library")]
        run = subprocess.run(
            [
                sys.executable,
                options.judge.resolve() / "judge.py",
                options.cases.resolve(),
                *BARS,
                "--json",
                report,
                *more,
                "--",
                *server,
            ],
            check=False,
        )
        if not report.exists():
            return run.returncode or 1
        below = ip_allocation(json.loads(report.read_text()))
    if below:
        print("FAIL: " + "; ".join(below))
    return int(bool(run.returncode or below))


if __name__ == "__main__":
    sys.exit(main())
