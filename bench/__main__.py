"""`make bench` and `make bench-quick`: ratios to the references, measured in turn in one run."""

import json
import time
from pathlib import Path

import click

from . import child, measures, references
from .generate import generate
from .rows import Row, bounded, machine, table

HERE = Path(__file__).parent


def quick(folder: Path) -> list[Row]:
    """60 MB within a minute; what needs a gigabyte is left out."""
    bench = measures.Bench.prepare(folder, 60, 3)
    rows = measures.admits(bench)
    rows += measures.searches(bench)
    rows += [measures.hits(bench), measures.disk(bench), measures.hostile(bench), *measures.server(bench)]
    return [*rows, measures.growth(folder, (6, 20, 60))]


def full(folder: Path, runs: int) -> tuple[list[Row], dict[str, float]]:
    """300 MB, and 1,000 for memory and growth."""
    bench = measures.Bench.prepare(folder, 300, runs)
    rows = measures.admits(bench)
    rows.append(measures.flat(bench))
    large = generate(folder / "1000mb", 1000)
    peaks = child.run("admit", large, folder / "1000mb" / "library", 1)["peaks"]
    rows.append(bounded("admit_memory_1gb", "MB", peaks, 190))
    rows += measures.searches(bench)
    rows += [measures.hits(bench), measures.disk(bench), measures.hostile(bench), *measures.server(bench)]
    rows.append(measures.growth(folder, (30, 300, 1000)))
    return rows, measures.others(bench)


@click.command()
@click.option("--quick", "is_quick", is_flag=True, help="60 MB, within a minute.")
@click.option("--runs", default=5)
@click.option("--data", type=click.Path(path_type=Path), default=HERE / "data", help="Where the made bundles lie.")
def main(is_quick: bool, runs: int, data: Path) -> None:
    """Run, print the table, write bench/quick.json or bench/results.json."""
    if not references.RG.exists():
        raise SystemExit("ripgrep is missing: run it by make, which installs it into bench/.venv.")
    started = time.perf_counter()
    rows, others = (quick(data), {}) if is_quick else full(data, runs)
    told = machine() | {"unpacks_with": references.unpacker()}
    print(", ".join(f"{key} {value}" for key, value in told.items()), f"- {time.perf_counter() - started:.0f} s\n")
    print(table(rows))
    for name, ratio in others.items():
        print(f"{name}: {ratio:.0f} x rg")
    result = {"machine": told, "rows": [row.told() for row in rows]} | ({"others": others} if others else {})
    (HERE / ("quick.json" if is_quick else "results.json")).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
