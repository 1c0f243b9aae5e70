"""The command line of the runbook desk: list and match, run, replay, lint."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .config import Settings

if TYPE_CHECKING:
    from .app import App


@click.command("run-sop", short_help="Run a runbook on a node: steps, cause, report.")
@click.argument("sop")
@click.argument("instance", required=False)
@click.option("--archive", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A log bundle to run it on.")
@click.option("--cluster", help="EKS cluster name, for steps that ask the cluster.")
@click.option("--namespace", help="Namespace of the affected pod.")
@click.option("--pod", help="The affected pod.")
@click.option("--dry-run", is_flag=True, help="Show the plan, call nothing.")
@click.option("--transcript", type=click.Path(dir_okay=False, path_type=Path), help="Write every call to this file, for replay.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def run_sop(  # noqa: PLR0913, PLR0917 - one parameter an option
    settings: Settings,
    sop: str,
    instance: str | None,
    archive: Path | None,
    cluster: str | None,
    namespace: str | None,
    pod: str | None,
    dry_run: bool,
    transcript: Path | None,
    as_json: bool,
) -> None:
    """Run the runbook SOP on INSTANCE, or on the log bundle of --archive: steps, root cause and report."""
    from .app import App
    from .terminal import show_run
    from .tools.room import Room
    from .tools.run_sop import run_sop as run
    from .tools.running import carried_out
    from .tools.transcript import recorded

    room = Room(App(settings))
    if dry_run:
        answer = run(room, sop, instance, dryRun=True, response_format="detailed")
    else:
        given = {k: v for k, v in (("clusterName", cluster), ("namespace", namespace), ("podName", pod)) if v}
        made = carried_out(room, sop, _taken_in(room.app, archive) if archive else instance, given)
        answer = made.answer(detailed=True)
        if transcript is not None:
            transcript.write_text(recorded(room, made).model_dump_json(exclude_none=True, indent=1) + "\n", encoding="utf-8")
    if as_json:
        click.echo(answer.model_dump_json(exclude_none=True, indent=2))
    else:
        show_run(answer)


@click.command(short_help="Make the calls of a recorded run again.")
@click.argument("transcript", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--archive", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The log bundle it was made on.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def replay(settings: Settings, transcript: Path, archive: Path | None, as_json: bool) -> None:
    """Make the calls of a run-sop TRANSCRIPT again and compare the answers. Exit code 1 where one differs."""
    from .app import App
    from .terminal import show_replay
    from .tools.room import Room
    from .tools.transcript import replayed

    room = Room(App(settings))
    if archive is not None:
        _taken_in(room.app, archive)
    answer = replayed(room, transcript.read_text(encoding="utf-8", errors="replace"))
    if as_json:
        click.echo(answer.model_dump_json(exclude_none=True, indent=2))
    else:
        show_replay(answer)
    sys.exit(not answer.same)


@click.command("lint-sops", short_help="Check runbooks.")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--advice", is_flag=True, help="Also say what is no fault and could be better.")
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
@click.pass_obj
def lint_sops(settings: Settings, folder: Path | None, advice: bool, as_json: bool) -> None:
    """Check the runbooks of FOLDER, or those shipped. Prints file:line with the fix; exit code 1 where one is wrong."""
    from .app import App
    from .runbooks.library import markdown, shipped
    from .runbooks.lint import lint
    from .server.build import build_server

    app = App(settings.model_copy(update={"sops": ()}))
    files = [(path, entry.read_bytes()) for path, entry in markdown(folder or shipped())]
    faults = lint(files, build_server(app).faults, app.sops.sops if folder else ())  # the tools' own schemas judge the calls
    errors = [fault for fault in faults if fault.level == "error"]
    told = faults if advice else errors
    if as_json:
        rows = [{"path": f.path, "line": f.line, "level": f.level, "says": f.says, "fix": f.fix} for f in told]
        click.echo(json.dumps({"runbooks": len(files), "errors": len(errors), "faults": rows}, ensure_ascii=False, indent=2))
    else:
        for fault in told:
            click.echo(str(fault))
        kept = (
            f", {len(faults) - len(errors)} pieces of advice{'' if advice else ' (--advice)'}" if len(faults) > len(errors) else ""
        )
        click.echo(f"{len(files)} runbooks: {len(errors)} errors{kept}", err=True)
    sys.exit(bool(errors))


@click.command(short_help="List the runbooks, or find one by symptom.")
@click.argument("symptom", nargs=-1)
@click.option("--category", help="Only runbooks whose id begins with this letter.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def sops(settings: Settings, symptom: tuple[str, ...], category: str | None, as_json: bool) -> None:
    """List the runbooks, or those that fit a SYMPTOM (words, a log line, an alert, the id of a finding or cause)."""
    from .app import App
    from .terminal import show_sops
    from .tools.room import Room
    from .tools.runbooks import list_sops

    answer = list_sops(Room(App(settings)), " ".join(symptom) or None, category)
    if as_json:
        click.echo(answer.model_dump_json(exclude_none=True, indent=2))
    else:
        show_sops(answer)


def _taken_in(app: "App", archive: Path) -> str:
    """The instance whose bundle the archive is; it is in the library afterwards."""
    return app.library.admit(archive, now=app.now, wall=app.wall(), via="ingest").instance_id
