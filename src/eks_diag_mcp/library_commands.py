"""The command line of the library: list, verify, purge."""

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import click
from pydantic import ByteSize, TypeAdapter, ValidationError

from .config import Settings
from .errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .bundle.holdings import Holding
    from .housekeeping import Housekeeping

_UNITS_S = {"h": 3600, "d": 86_400, "w": 604_800}


def _age_s(_context: click.Context, _option: click.Parameter, value: str | None) -> float | None:
    """36h, 30d, 2w as seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", value.strip().lower()) if value else None
    if value and not found:
        raise click.BadParameter(f"{value!r} is no age like 36h, 30d or 2w.")
    return float(found[1]) * _UNITS_S[found[2]] if found else None


def _byte_count(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """500MB, 50GB, 2TiB as bytes."""
    try:
        return int(TypeAdapter(ByteSize).validate_python(value)) if value else None
    except ValidationError as error:
        raise click.BadParameter(f"{value!r} is no size like 500MB or 50GB.") from error


_JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


@click.group()
def library() -> None:
    """The bundles that are kept: list, verify, purge."""


@library.command("list")
@click.option("--instance", help="Only bundles of this instance.")
@_JSON
@click.pass_obj
def list_bundles(settings: Settings, instance: str | None, as_json: bool) -> None:
    """List the bundles, the oldest first, with size and age."""
    from .bundle.holdings import holdings

    keeper = _keeper(settings)
    rows = _rows(keeper, holdings(keeper.library, instance))
    total = sum(row["bytes"] for row in rows)
    if as_json:
        _print({"bundles": rows, "bytes": total})
    else:
        _show(rows)
        click.echo(f"{len(rows)} bundles, {_size(total)}", err=True)


@library.command()
@click.argument("instance", required=False)
@_JSON
@click.pass_obj
def verify(settings: Settings, instance: str | None, as_json: bool) -> None:
    """Read every bundle (of INSTANCE) to its end: ok, or damaged and how. Exit code 1 where one is damaged."""
    from .bundle.holdings import holdings
    from .bundle.verify import faults_of

    keeper = _keeper(settings)
    held = holdings(keeper.library, instance)
    if instance and not held:
        raise BadInput(f"No bundle of {instance[:80]!r} in the library.", "eks-diag-mcp library list names those that are.")
    rows = []
    for holding in held:
        faults = faults_of(holding.bundle, holding.place) if holding.bundle else [holding.damage]
        rows.append(
            {
                "instanceId": holding.place.instance,
                "bundle": holding.place.digest[:12],
                "state": "damaged" if faults else "ok",
                "faults": faults,
            }
        )
    damaged = sum(row["state"] == "damaged" for row in rows)
    if as_json:
        _print({"bundles": rows, "damaged": damaged})
    else:
        for row in rows:
            click.echo(f"{row['instanceId']}  {row['bundle']}  {row['state']}")
            for fault in row["faults"]:
                click.echo(f"  {fault}")
        click.echo(f"{len(rows)} bundles, {damaged} damaged", err=True)
        if damaged:
            click.echo("next:  eks-diag-mcp library purge --bundle BUNDLE --yes, then collect it again", err=True)
    sys.exit(bool(damaged))


@library.command()
@click.option("--older-than", callback=_age_s, help="Bundles admitted longer ago than this: 36h, 30d, 2w.")
@click.option("--max-size", callback=_byte_count, help="The oldest bundles until the rest is no larger than this: 500MB, 50GB.")
@click.option("--instance", help="Only bundles of this instance; alone: all of them.")
@click.option("--bundle", "digest", help="The bundle whose digest begins so (as list names it).")
@click.option("--yes", is_flag=True, help="Do it. Without, it is only said what would go.")
@_JSON
@click.pass_obj
def purge(
    settings: Settings,
    older_than: float | None,
    max_size: int | None,
    instance: str | None,
    digest: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove bundles with their collections and searches. The newest bundle of a node goes last; none that is worked on goes."""
    from .bundle.holdings import Limits, holdings

    keeper = _keeper(settings)
    if older_than is not None or max_size is not None:
        if digest:
            raise BadInput("--bundle names one bundle, whatever its age and size.", "Leave the other options out.")
        plan = keeper.plan(Limits(older_than, max_size), instance)
    elif instance or digest:
        plan = keeper.released(h for h in holdings(keeper.library, instance) if h.place.digest.startswith(digest or ""))
    else:
        raise BadInput("Nothing says which bundles are to go.", "Use --older-than, --max-size, --instance or --bundle.")
    rows, leased = _rows(keeper, plan.going), _rows(keeper, plan.leased)
    if yes:
        keeper.purge(plan.going)
    total = sum(row["bytes"] for row in rows)
    if as_json:
        _print({"removed": yes, "bundles": rows, "bytes": total, "in_use": leased})
        return
    _show(rows)
    click.echo(f"{len(rows)} bundles, {_size(total)}: {'removed' if yes else 'would go; --yes removes them'}", err=True)
    for row in leased:
        click.echo(f"stays, a process works on it: {row['instanceId']} {row['bundle']}", err=True)


def _keeper(settings: Settings) -> "Housekeeping":
    from .app import App
    from .housekeeping import Housekeeping

    app: App = App(settings)
    return Housekeeping(app.library)


def _rows(keeper: "Housekeeping", held: "Sequence[Holding]") -> list[dict[str, Any]]:
    clusters = keeper.ledger.clusters()
    return [
        {
            "instanceId": h.place.instance,
            "bundle": h.place.digest[:12],
            "bytes": h.bytes,
            "age_days": round(h.age_s / _UNITS_S["d"], 2),
            "captured": h.bundle.manifest.captured if h.bundle else None,
            "clusterName": (h.bundle.manifest.provenance.get("cluster") if h.bundle else None) or clusters.get(h.place.digest),
            "aliases": h.bundle.manifest.aliases if h.bundle else [],
            "damage": h.damage or None,
        }
        for h in held
    ]


def _print(answer: dict[str, Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("instance", "bundle", "size", "age", "captured", "cluster", "also called", box=None, pad_edge=False)
    for row in rows:
        told = (
            row["instanceId"],
            row["bundle"],
            _size(row["bytes"]),
            f"{row['age_days']:.1f} d",
            row["captured"] or row["damage"] or "",
            row["clusterName"] or "",
            ", ".join(row["aliases"]),
        )
        table.add_row(*map(Text, told))
    if rows:
        Console(file=sys.stdout).print(table)


def _size(count: int) -> str:
    return ByteSize(count).human_readable(decimal=True)
