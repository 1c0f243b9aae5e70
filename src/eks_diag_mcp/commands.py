"""Commands for people: `triage` gives the answer in one go, `report` writes it down as a file."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .config import Settings
from .errors import BadInput, DiagError

if TYPE_CHECKING:
    from .app import App
    from .bundle.bundle import Bundle
    from .report.page import Page
    from .report.pinned import PinnedRoom


def known_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
    """Shell completion: instances with a bundle, then files."""
    from click.shell_completion import CompletionItem

    from .app import App

    settings = context.obj if isinstance(context.obj, Settings) else Settings.read(os.environ)
    found = [name for name in App(settings).known_instances() if name.startswith(incomplete)]
    return [*(CompletionItem(name) for name in found), CompletionItem(incomplete, type="file")]


_WHAT = click.argument("node", metavar="INSTANCE_OR_FILE", shell_complete=known_names)
_SEVERAL = click.argument("nodes", metavar="INSTANCE_OR_FILE...", nargs=-1, required=True, shell_complete=known_names)


@click.command(short_help="The root cause of a node, from its log bundle.")
@_WHAT
@click.option("--sop", help="Report in this runbook's format; default: the one that fits.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def triage(settings: Settings, node: str, sop: str | None, as_json: bool) -> None:
    """The root cause of a node's trouble from its log bundle: why, what to do, what was not seen."""
    from .app import App
    from .terminal_verdict import show_verdict
    from .tools.verdicts import summarize

    app = App(settings)
    room, names = room_of(app, [node])
    answer = summarize(room, names[0], sop=sop, response_format="detailed")
    if as_json:
        click.echo(answer.model_dump_json(exclude_none=True, indent=2))
    else:
        show_verdict(answer, room.bundle(names[0])[0].manifest.captured)


@click.command(short_help="The same as one HTML or Markdown file.")
@_SEVERAL
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; - is standard output.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Markdown for a ticket instead of HTML.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.pass_obj
def report(settings: Settings, nodes: tuple[str, ...], output: Path | None, as_markdown: bool, as_json: bool) -> None:
    """One self-contained file about a node, or several compared: evidence, timeline, ENI map, what to do."""
    import json

    from .app import App
    from .report.page import page

    app = App(settings)
    room, asked = room_of(app, nodes)
    made = page(room, asked, app.wall(), __version__)
    text = _rendered(made, as_markdown=as_markdown)
    names = [n.summary.instanceId for n in made.nodes]
    path = output or Path(
        f"{names[0] if len(names) == 1 else f'{len(names)}-nodes'}-{app.wall():%Y%m%d}.{'md' if as_markdown else 'html'}"
    )
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    _write(path, text)
    if as_json:
        causes = [n.summary.root_cause for n in made.nodes]
        click.echo(json.dumps({"file": str(path), "bytes": len(text.encode()), "instances": names, "root_causes": causes}))
    else:
        click.echo(f"{path}  ({len(text.encode()) // 1024 + 1} kB, {', '.join(names)})", err=True)


def _rendered(made: "Page", *, as_markdown: bool) -> str:
    if as_markdown:
        from .report.markdown import markdown

        return markdown(made)
    from .report.html import html

    return html(made)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or "it failed"
        raise BadInput(
            f"The report cannot be written to {path}: {why}.", "Name a file in a folder that exists, with -o."
        ) from error


def room_of(app: "App", nodes: Sequence[str]) -> "tuple[PinnedRoom, list[str]]":
    """A room for these nodes and the names to ask it with. A file is taken into the library first, and the answer is about
    that file even where the library holds a newer bundle of its node."""
    from .report.pinned import PinnedRoom

    pinned: dict[str, Bundle] = {}
    names: list[str] = []
    for node in nodes:
        path = Path(node)
        if path.is_file():
            bundle = admit(app, path)
        elif path.is_dir():
            raise BadInput(f"{node} is a folder.", _in_folder(path))
        elif path.suffix in (".gz", ".tgz", ".tar") or "/" in node:
            raise BadInput(f"There is no file {node}.", "Give the path of a log bundle (tar.gz) or the id of an instance at hand.")
        else:
            bundle = _at_hand(app, node)
        pinned[bundle.digest] = bundle
        names.append(bundle.digest)
    return PinnedRoom(app, pinned=pinned), names


def _in_folder(folder: Path) -> str:
    """What to do with a folder that was named where a bundle was meant."""
    held = sorted(path.name for path in folder.glob("*.tar.gz"))[:3]
    return f"Name one of its bundles: {', '.join(held)}." if held else "It holds no tar.gz. Give the path of a log bundle."


def _at_hand(app: "App", node: str) -> "Bundle":
    """The newest bundle of an instance in the library, else the newest in the archives folder, which is taken in. The
    remedy of a fault names what this command line can do."""
    name, _ = app.resolve(node)
    if not app.library.bundles(name) and name in app.archives.instances():
        return admit(app, app.archives.newest(name))
    try:
        return app.bundle(node)[0]
    except DiagError as error:
        known = ", ".join(app.known_instances()[:5]) or "none yet"
        raise BadInput(error.message, f"Known instances: {known}. Or give the path of a log bundle (tar.gz).") from error


def admit(app: "App", path: Path, alias: str | None = None) -> "Bundle":
    """Take a bundle into the library, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("indexing"), BarColumn(), DownloadColumn(), console=console, transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("indexing", total=path.stat().st_size)
        return app.library.admit(
            path, now=app.now, wall=app.wall(), alias=alias, via="ingest", progress=lambda done: bar.update(task, completed=done)
        )
