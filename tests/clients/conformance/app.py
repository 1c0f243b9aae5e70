"""The server for the conformance suites: the product's own command with the fixtures added to its server.

python -m tests.clients.conformance.app --library DIR --http 127.0.0.1:PORT"""

import warnings
from pathlib import Path
from typing import Any

import click
from mcp import MCPDeprecationWarning

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.server.build import build_server
from eks_diag_mcp.server.http import serve_http
from eks_diag_mcp.server.http_config import HttpConfig
from eks_diag_mcp.server.strict import StrictServer

from .fixtures import add_fixtures
from .task_fixtures import FixtureTasks, add_task_fixtures


def build_with_fixtures(app: App, **options: Any) -> StrictServer[Any]:
    """What `build_server` makes, and the fixtures."""
    server = build_server(app, tasks=FixtureTasks, **options)
    add_fixtures(server)
    add_task_fixtures(server)
    return server


@click.command()
@click.option("--library", type=click.Path(path_type=Path), required=True)
@click.option("--http", "address", required=True)
@click.option("--rate", type=int, default=120)
def main(library: Path, address: str, rate: int) -> None:
    """Serve over HTTP."""
    warnings.simplefilter("ignore", MCPDeprecationWarning)  # the suites ask for what is deprecated, too
    config = HttpConfig.read({}, address, calls_per_minute=rate)
    serve_http(App(Settings(library=library, log_level="ERROR")), config, build_with_fixtures)


if __name__ == "__main__":
    main()
