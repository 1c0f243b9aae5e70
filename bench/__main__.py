"""`make bench` and `make bench-quick`: ratios to the references, measured in turn in one run."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from . import fleet, measures, page, references
from .rows import HEAD, Row, machine

HERE = Path(__file__).parent


def quick(folder: Path) -> Iterator[Row]:
    """60 MB within a minute; what needs a gigabyte or a thousand bundles is left out."""
    bench = measures.Bench.prepare(folder, 60, 2)
    yield from measures.searches(bench)
    yield from (measures.hits(bench), measures.disk(bench), measures.hostile(bench))
    yield from measures.server(bench)
    yield from measures.admits(bench, 1)  # the reference takes longest of all
    yield fleet.workers(folder, 20, 1)
    yield measures.growth(folder, (3, 10, 20))


def full(folder: Path, runs: int) -> Iterator[Row]:
    """300 MB, and 1,000 for memory and growth."""
    bench = measures.Bench.prepare(folder, 300, runs)
    yield from measures.searches(bench)
    yield from (measures.hits(bench), measures.disk(bench), measures.hostile(bench))
    yield from measures.server(bench)
    yield from measures.others(bench)
    yield from measures.admits(bench, runs)
    yield measures.flat(bench)
    yield measures.gigabyte(folder)
    yield fleet.workers(folder, 60, runs)
    yield measures.growth(folder, (30, 300, 1000))
    yield fleet.growth(folder, (10, 100, 1000))


@click.command()
@click.option("--quick", "is_quick", is_flag=True, help="60 MB, within a minute.")
@click.option("--runs", default=5)
@click.option("--data", type=click.Path(path_type=Path), default=HERE / "data", help="Where the made bundles lie.")
def main(is_quick: bool, runs: int, data: Path) -> None:
    """Run, print the table, write bench/quick.json, or bench/results.json and the table in docs/performance.md."""
    if not references.RG.exists():
        raise SystemExit("ripgrep is missing: run it by make, which installs it into bench/.venv.")
    told = machine() | {"unpacks_with": references.unpacker()}
    print(", ".join(f"{key} {value}" for key, value in told.items()))
    print(HEAD, flush=True)
    rows = []
    for row in quick(data) if is_quick else full(data, runs):
        rows.append(row)
        print(row.line(), flush=True)
    result = {"machine": told, "rows": [row.told() for row in rows]}
    (HERE / ("quick.json" if is_quick else "results.json")).write_text(json.dumps(result, indent=1) + "\n")
    if not is_quick:
        page.write(page.table(told, rows, datetime.now(UTC).date()))


if __name__ == "__main__":
    main()
