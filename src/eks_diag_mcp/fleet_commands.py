"""`fleet`: questions about many bundles at once, and the file that makes them quick. The same functions as the tools."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .config import Settings
from .model import SEVERITIES

if TYPE_CHECKING:
    from .tools.room import Room
    from .tools.shapes import Answer

_CLUSTER = click.option("--cluster", help="Nodes of this cluster only.")
_INSTANCES = click.option("--instance", "instances", multiple=True, help="These nodes only; may be repeated.")
_AFTER = click.option("--captured-after", help="All bundles captured from then on; without: each node's newest.")
_BEFORE = click.option("--captured-before", help="All bundles captured before then.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


@click.group()
@click.option("--fleet", "address", metavar="tcp://HOST:PORT", help="Dask scheduler whose workers search [EKS_DIAG_FLEET].")
@click.pass_context
def fleet(context: click.Context, address: str | None) -> None:
    """Ask all bundles at hand at once."""
    if address:
        context.obj = Settings.read({}, **{**context.obj.model_dump(), "fleet": address})


@fleet.command()
@click.argument("finding", required=False)
@_CLUSTER
@_INSTANCES
@_AFTER
@_BEFORE
@click.option("--severity", type=click.Choice(["all", *SEVERITIES, "warning"]), default="all", help="This level and above.")
@click.option("--detailed", is_flag=True, help="More nodes and lines of each.")
@_JSON
@click.pass_obj
def findings(settings: Settings, /, as_json: bool, detailed: bool, **asked: Any) -> None:
    """Findings that nodes share, or which nodes show FINDING (a signature or F- id) and which did first."""
    from .terminal_fleet import show_findings
    from .tools.fleet_findings import fleet_findings

    answer = fleet_findings(
        _room(settings),
        asked["finding"],
        asked["cluster"],
        list(asked["instances"]) or None,
        asked["severity"],
        asked["captured_after"],
        asked["captured_before"],
        response_format="detailed" if detailed else "concise",
    )
    _show(answer, show_findings, as_json=as_json)


@fleet.command()
@click.argument("query")
@_CLUSTER
@_INSTANCES
@_AFTER
@_BEFORE
@click.option("--log-type", "log_types", multiple=True, help="Source or group; all files if left out.")
@click.option("--seconds", type=float, default=300, show_default=True, help="Then the answer is partial.")
@_JSON
@click.pass_obj
def search(settings: Settings, /, query: str, as_json: bool, **asked: Any) -> None:
    """Search all bundles for QUERY, a regular expression."""
    from .terminal_fleet import show_search
    from .tools.fleet_search import fleet_search

    answer = fleet_search(
        _room(settings),
        query,
        asked["cluster"],
        list(asked["instances"]) or None,
        list(asked["log_types"]) or None,
        asked["captured_after"],
        asked["captured_before"],
        maxSeconds=asked["seconds"],
        pageSize=200,
    )
    _show(answer, show_search, as_json=as_json)


@fleet.command()
@_CLUSTER
@click.argument("instances", nargs=-1)
@_JSON
@click.pass_obj
def compare(settings: Settings, cluster: str | None, instances: tuple[str, ...], as_json: bool) -> None:
    """What tells the bad nodes from the good ones, of a cluster or of INSTANCES."""
    from .terminal_fleet import show_comparison
    from .tools.comparing import compare_nodes

    answer = compare_nodes(_room(settings), list(instances) or None, clusterName=cluster)
    _show(answer, show_comparison, as_json=as_json)


@fleet.command()
@_JSON
@click.pass_obj
def compact(settings: Settings, as_json: bool) -> None:
    """Write the findings of all bundles into one file, which fleet questions then read instead of a thousand."""
    import json
    from dataclasses import asdict

    from .fleet.compact import compact as write

    room, begun = _room(settings), time.monotonic()
    done = write(room.app.library, room.app.catalogue.digest, room.app.intake.ledger.clusters(), progress=_bar())
    if as_json:
        click.echo(json.dumps(asdict(done)))
        return
    click.echo(
        f"{done.findings} findings of {done.bundles} bundles in {time.monotonic() - begun:.1f} s"
        f"{f', {done.rescanned} scanned again' if done.rescanned else ''}"
    )
    for name, why in done.left_out.items():
        click.echo(f"left out: {name}: {why}", err=True)


def _room(settings: Settings) -> "Room":
    from .app import App
    from .tools.room import Room

    bar = _bar()
    return Room(App(settings), progress=lambda done, total, _words: bar(int(done), int(total or 0)))


def _bar() -> Callable[[int, int], None]:
    """Tells how far it is, on a terminal only."""
    from rich.console import Console
    from rich.progress import Progress

    shown: list[Progress] = []

    def tell(done: int, total: int) -> None:
        if not sys.stderr.isatty():
            return
        if not shown:
            shown.append(Progress(console=Console(stderr=True), transient=True))
            shown[0].start()
            shown[0].add_task("bundles", total=total)
        shown[0].update(shown[0].task_ids[0], completed=done, total=total)
        if done >= total:
            shown.pop().stop()

    return tell


def _show(answer: "Answer", show: Callable[[Any], None], *, as_json: bool) -> None:
    if as_json:
        click.echo(answer.model_dump_json(exclude_none=True, indent=2))
    else:
        show(answer)
