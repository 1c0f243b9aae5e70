"""The command line: without a command it serves MCP over stdio."""

import gc
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from . import __version__
from .config import Settings
from .errors import DiagError
from .server.logs import set_up

_FIRST = ("triage", "report", "doctor")
_ELSEWHERE = {
    "triage": "commands",
    "report": "commands",
    "fleet": "fleet_commands",
    "library": "library_commands",
    "sops": "sop_commands",
    "run-sop": "sop_commands",
    "replay": "sop_commands",
    "lint-sops": "sop_commands",
}
"""Commands of files of their own, which a server does not wait for."""
_EXAMPLES = """\b
Examples:
  eks-diag-mcp triage bundle.tar.gz                   the root cause, from a node's log bundle
  eks-diag-mcp report bundle.tar.gz -o report.html    the same as one file for a ticket
  eks-diag-mcp run-sop D1 --archive bundle.tar.gz     a runbook, step by step
  eks-diag-mcp call search query=OOM logTypes=kubelet
  eks-diag-mcp --archives bundles/                    an MCP server over stdio

Every command that prints an answer prints it as JSON with --json. Exit status: 0 answered, 1 an error that says what to
do next, 2 a wrong command line."""


class _Group(click.Group):
    """Shows our own errors as a line and its remedy, never as a traceback. What is needed first stands first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands for an emergency, then the others by name."""
        return sorted(
            {*super().list_commands(ctx), *_ELSEWHERE},
            key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name),
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by name; its file is read now."""
        file = _ELSEWHERE.get(cmd_name)
        if file is None:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(import_module(f".{file}", __package__), cmd_name.replace("-", "_"))
        return found

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except DiagError as error:
            click.echo(f"error: {error.message}", err=True)
            if error.next_step:
                click.echo(f"next:  {error.next_step}", err=True)
            sys.exit(1)


@click.group(cls=_Group, invoke_without_command=True, epilog=_EXAMPLES)
@click.version_option(__version__, prog_name="eks-diag-mcp")
@click.option("--archives", type=click.Path(path_type=Path), help="Folder of log bundles to collect from [EKS_DIAG_ARCHIVES].")
@click.option("--library", "home", help="Folder of the store, or s3://bucket/prefix [EKS_DIAG_LIBRARY].")
@click.option("--sops", type=click.Path(path_type=Path), multiple=True, help="Folder with runbooks of your own [EKS_DIAG_SOPS].")
@click.option("--toolsets", help="Sets of tools to list: core,sops,kubernetes,fleet-ops,capture [EKS_DIAG_TOOLSETS].")
@click.option("--fleet", "fleet_address", metavar="tcp://HOST:PORT", help="Dask scheduler for fleet_search [EKS_DIAG_FLEET].")
@click.pass_context
def main(context: click.Context, /, home: str | None, toolsets: str | None, fleet_address: str | None, **given: Any) -> None:
    """Find out why an EKS worker node misbehaves. Without a command: an MCP server over stdio."""
    from .config import toolset_names

    given |= {"library": home, "toolsets": toolset_names(toolsets) if toolsets else None, "fleet": fleet_address}
    context.obj = settings = Settings.read(os.environ, **given)
    serving = context.invoked_subcommand in (None, "serve")
    # A command answers on the terminal itself; the audit lines of a server would only stand between.
    set_up(settings.log_level if serving or os.environ.get("EKS_DIAG_LOG_LEVEL") else "ERROR", settings.log_format)
    if context.invoked_subcommand is None:
        serve_stdio(settings)


def serve_stdio(settings: Settings) -> None:
    """Serve over stdio until the client hangs up."""
    gc.disable()  # what a start makes stays: looking through it for garbage takes a tenth of the start
    from .app import App
    from .server.build import build_server

    server = build_server(App(settings))
    gc.freeze()
    gc.enable()
    server.run("stdio")


@main.command()
@click.option("--http", "address", metavar="HOST:PORT", help="Serve over HTTP there instead of stdio [EKS_DIAG_HTTP].")
@click.option("--auth", "auth_file", type=click.Path(path_type=Path), help="Who may call: a YAML file [EKS_DIAG_HTTP_AUTH_FILE].")
@click.option("--allow-host", "hosts", multiple=True, help="A name that clients call this server by [EKS_DIAG_HTTP_HOSTS].")
@click.option("--allow-origin", "origins", multiple=True, help="An origin that browsers may call from [EKS_DIAG_HTTP_ORIGINS].")
@click.option("--rate", "calls_per_minute", type=int, help="Calls a minute for each caller [EKS_DIAG_HTTP_RATE].")
@click.pass_obj
def serve(settings: Settings, /, address: str | None, **given: Any) -> None:
    """Serve MCP: over stdio, or over HTTP with --http. Beyond loopback only with --auth."""
    address = address or os.environ.get("EKS_DIAG_HTTP")
    if address is None:
        if any(given.values()):
            raise DiagError("Those options are for HTTP.", "Add --http HOST:PORT.")
        serve_stdio(settings)
        return
    from .app import App
    from .server.http import serve_http
    from .server.http_config import HttpConfig

    serve_http(App(settings), HttpConfig.read(os.environ, address, **given))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "alias", help="A name to find the bundle by.")
@click.option("--json", "_as_json", is_flag=True, help="Print the outline as JSON, as it always is.")
@click.pass_obj
def ingest(settings: Settings, file: Path, alias: str | None, _as_json: bool) -> None:
    """Take a log bundle (tar.gz) into the library."""
    from .app import App
    from .commands import admit

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


@main.command(short_help="What of the AWS and cluster set-up is there.")
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
        click.echo(f"error: {text}", err=True)
        sys.exit(1)
    click.echo(json.dumps(json.loads(text), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
