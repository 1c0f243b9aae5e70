"""Ingest of a large bundle against `pigz -dc B | rg -c -a -i -f SIGS`, interleaved in one run: `make bench`.

Needs pigz, rg and the bundle generator (a folder `bench` with gen_bundle.py beside the checkout, or --generator FILE)."""

import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from . import truth
from .child import run_child

HERE = Path(__file__).parent
GENERATOR = HERE.parent.parent / "shared" / "bench" / "gen_bundle.py"


def bundle_of(folder: Path, generator: Path, megabytes: int) -> Path:
    """The generated bundle; made once."""
    found = sorted(folder.glob("*.tar.gz"))
    if not found:
        subprocess.run([sys.executable, generator, "--out", folder, "--mb", str(megabytes)], check=True, stdout=subprocess.DEVNULL)
        found = sorted(folder.glob("*.tar.gz"))
    return found[0]


def reference(bundle: Path, patterns: Path) -> float:
    """Seconds of the reference pipeline."""
    started = time.perf_counter()
    unpack = subprocess.Popen(["pigz", "-dc", bundle], stdout=subprocess.PIPE)
    subprocess.run(["rg", "-c", "-a", "-i", "-f", patterns, "-"], stdin=unpack.stdout, stdout=subprocess.DEVNULL, check=False)
    unpack.wait()
    return time.perf_counter() - started


@click.command()
@click.option("--mb", default=300, help="Size of the generated bundle.")
@click.option("--runs", default=5)
@click.option("--generator", type=click.Path(path_type=Path), default=GENERATOR)
def main(mb: int, runs: int, generator: Path) -> None:
    """Run, print the table, write bench/results.json."""
    missing = [tool for tool in ("pigz", "rg") if shutil.which(tool) is None]
    if missing or not generator.exists():
        raise SystemExit(f"Missing: {', '.join([*missing, *([] if generator.exists() else [str(generator.name)])])}")
    data = HERE / "data" / f"{mb}mb"
    data.mkdir(parents=True, exist_ok=True)
    bundle = bundle_of(data, generator, mb)
    patterns = truth.write_patterns(data / "signatures.txt")
    rows: dict[str, list[float]] = {"admit, the first in a process": [], "admit, the second": []}
    peaks, seconds, reference_seconds = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        run_child(bundle, Path(folder) / "warm")
        for run in range(runs):
            other = reference(bundle, patterns)
            ours = run_child(bundle, Path(folder) / f"run-{run}")
            rows["admit, the first in a process"].append(ours["first_s"] / other)
            rows["admit, the second"].append(ours["second_s"] / other)
            peaks.append(ours["peak_mb"])
            seconds.append(ours["first_s"])
            reference_seconds.append(other)
        missed = truth.missed(bundle, Path(folder) / "run-0")
    print(
        f"{platform.machine()}, {platform.python_version()}, bundle of {mb} MB of logs, {runs} runs; seconds are of this machine only"
    )
    for name, ratios in rows.items():
        print(f"{name:32} ratio to pigz|rg: median {statistics.median(ratios):.2f}  min {min(ratios):.2f}  max {max(ratios):.2f}")
    print(f"{'peak memory':32} median {statistics.median(peaks):.0f} MB  max {max(peaks):.0f} MB")
    print(
        f"{'lines of the truth file':32} {missed['expected']} have a signature, {len(missed['lines'])} of them not found with file, line and time"
    )
    for line in missed["lines"][:10]:
        print("   missed:", line)
    result = {
        "machine": f"{platform.machine()} {platform.python_version()}",
        "mb": mb,
        "runs": runs,
        "rows": [
            {"name": n, "ratio": round(statistics.median(r), 2), "spread": [round(min(r), 2), round(max(r), 2)]}
            for n, r in rows.items()
        ],
        "peak_mb": round(max(peaks)),
        "truth_lines": missed["expected"],
        "truth_missed": len(missed["lines"]),
        "median_s": round(statistics.median(seconds), 2),
        "reference_median_s": round(statistics.median(reference_seconds), 2),
    }
    (HERE / "results.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
