"""The command line: without a command it serves MCP over stdio."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import click

from . import __version__
from .commands import admit, report, triage
from .config import Settings
from .errors import DiagError


class _Group(click.Group):
    """Shows our own errors as a line and its remedy, never as a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except DiagError as error:
            click.echo(f"error: {error.message}", err=True)
            if error.next_step:
                click.echo(f"next:  {error.next_step}", err=True)
            sys.exit(1)


@click.group(cls=_Group, invoke_without_command=True)
@click.version_option(__version__, prog_name="eks-diag-mcp")
@click.option("--archives", type=click.Path(path_type=Path), help="Folder of log bundles to collect from [EKS_DIAG_ARCHIVES].")
@click.option("--library", type=click.Path(path_type=Path), help="Folder of the store [EKS_DIAG_LIBRARY].")
@click.option("--sops", type=click.Path(path_type=Path), multiple=True, help="Folder with runbooks of your own [EKS_DIAG_SOPS].")
@click.option("--toolsets", help="Sets of tools to list: core,sops,kubernetes,fleet-ops,capture [EKS_DIAG_TOOLSETS].")
@click.pass_context
def main(context: click.Context, archives: Path | None, library: Path | None, sops: tuple[Path, ...], toolsets: str | None) -> None:
    """Find out why an EKS worker node misbehaves. Without a command: an MCP server over stdio."""
    from .config import toolset_names

    given = {"archives": archives, "library": library, "sops": sops, "toolsets": toolset_names(toolsets) if toolsets else None}
    context.obj = settings = Settings.read(os.environ, **given)
    _log(settings.log_level)
    if context.invoked_subcommand is None:
        serve(settings)


def _log(level: str) -> None:
    """One handler on stderr, set before the SDK would set its own; newlines of foreign text are escaped."""

    class Plain(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            text = super().format(record)
            return text if record.exc_info else text.replace("\n", "\\n")

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Plain("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])


def serve(settings: Settings) -> None:
    """Serve over stdio until the client hangs up."""
    from .app import App
    from .server.build import build_server

    build_server(App(settings)).run("stdio")


main.add_command(triage)
main.add_command(report)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "alias", help="A name to find the bundle by.")
@click.option("--json", "_as_json", is_flag=True, help="Print the outline as JSON, as it always is.")
@click.pass_obj
def ingest(settings: Settings, file: Path, alias: str | None, _as_json: bool) -> None:
    """Take a log bundle (tar.gz) into the library."""
    from .app import App

    bundle = admit(App(settings), file, alias)
    manifest = bundle.manifest
    click.echo(
        json.dumps(
            {
                "instanceId": bundle.instance_id,
                "aliases": manifest.aliases,
                "bundle": bundle.digest[:12],
                "captured": manifest.captured,
                "files": len(manifest.files),
                "lines": sum(f.lines for f in manifest.files),
                "masked_secrets": sum(f.masked for f in manifest.files),
                "truncated": manifest.truncated or None,
                "notes": manifest.notes,
            },
            ensure_ascii=False,
        )
    )


@main.command("run-sop")
@click.argument("sop")
@click.argument("instance", required=False)
@click.option("--archive", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A log bundle to run it on.")
@click.option("--dry-run", is_flag=True, help="Show the plan, call nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def run_sop(settings: Settings, sop: str, instance: str | None, archive: Path | None, dry_run: bool, as_json: bool) -> None:
    """Run the runbook SOP on INSTANCE, or on the log bundle of --archive: steps, root cause and report."""
    from .app import App
    from .terminal import show_run
    from .tools.room import Room
    from .tools.running import run_sop as run

    app = App(settings)
    if archive is not None and not dry_run:
        instance = app.library.admit(archive, now=app.now, wall=app.wall(), via="ingest").instance_id
    answer = run(Room(app), sop, instance, dryRun=dry_run, response_format="detailed")
    if as_json:
        click.echo(answer.model_dump_json(exclude_none=True, indent=2))
    else:
        show_run(answer)


@main.command()
@click.option("--cluster", help="An EKS cluster to try.")
@click.option("--region", help="Its region.")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.pass_obj
def doctor(settings: Settings, cluster: str | None, region: str | None, as_json: bool) -> None:
    """Check credentials, region, log bucket, runbook, role and cluster: a line each, with the fix. Exits with 1 on a fault."""
    from .app import App
    from .terminal import show_checks

    checks = App(settings).desk.check_up(cluster, region)
    sys.exit(1 if show_checks(checks, as_json=as_json) else 0)


@main.command()
@click.argument("tool")
@click.argument("arguments", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--json", "_as_json", is_flag=True, help="Print the answer as JSON, as it always is.")
@click.pass_obj
def call(settings: Settings, tool: str, arguments: tuple[str, ...], _as_json: bool) -> None:
    """Call any tool by hand and print its answer as JSON."""
    import anyio

    anyio.run(_call, settings, tool, arguments)


async def _call(settings: Settings, tool: str, arguments: tuple[str, ...]) -> None:
    from mcp import Client

    from .app import App
    from .server.build import build_server

    pairs = dict(a.split("=", 1) for a in arguments if "=" in a)
    if len(pairs) != len(arguments):
        raise DiagError("Arguments are written key=value.", "Example: eks-diag-mcp call errors instanceId=i-0123456789abcdef0")
    async with Client(build_server(App(settings))) as client:
        result = await client.call_tool(tool, pairs)
    text = "".join(getattr(c, "text", "") for c in result.content)
    if result.is_error:
        click.echo(text, err=True)
        sys.exit(1)
    click.echo(json.dumps(json.loads(text), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
