"""triage and report on the command line."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from eks_diag_mcp.cli import main
from eks_diag_mcp.terminal_verdict import show_verdict
from eks_diag_mcp.tools.shapes import Line
from eks_diag_mcp.tools.verdicts import SummaryAnswer

from . import scenarios


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenarios.load("subnet-exhausted").write(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("library"))


def run(library: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--library", library, *arguments])


def test_triage_takes_a_file_to_its_root_cause_in_one_command(archive: Path, library: str) -> None:
    shown = run(library, "triage", str(archive))
    assert shown.exit_code == 0, shown.output
    for part in (
        "The subnet has no free address left",
        "Why",
        "What to do",
        "Other causes weighed",
        "Not seen",
        "var_log/aws-routed-eni/ipamd.log:",
    ):
        assert part in shown.stdout
    assert "\x1b" not in shown.output, "colours only on a terminal"


def test_triage_of_a_node_at_hand_as_json(archive: Path, library: str) -> None:
    run(library, "ingest", str(archive), "--json")
    shown = run(library, "triage", scenarios.load("subnet-exhausted").instance_id, "--json")
    assert json.loads(shown.stdout)["root_cause"] == "ip_allocation.subnet_exhausted"


def test_a_report_is_written_where_it_was_asked_for(archive: Path, library: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    shown = run(library, "report", str(archive), "-o", str(path), "--json")
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert told["file"] == str(path) and told["bytes"] == path.stat().st_size
    assert told["root_causes"] == ["ip_allocation.subnet_exhausted"] and path.read_text(encoding="utf-8").startswith(
        "<!doctype html>"
    )


def test_markdown_goes_to_standard_output(archive: Path, library: str) -> None:
    shown = run(library, "report", str(archive), "--markdown", "-o", "-")
    assert shown.exit_code == 0 and shown.stdout.startswith("# EKS node diagnosis") and "### Why" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("triage", "no/such/bundle.tar.gz"), "Give the path of a log bundle"),
        (("triage", "i-0000000000000dead"), "Known instances:"),
        (("report", "i-0000000000000dead", "-o", "x.html"), "Known instances:"),
        (("triage", str(Path(__file__).parent)), "It holds no tar.gz"),
        (("--archives", "/no/such/folder", "triage", "i-0000000000000dead"), "Check --archives"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(archive: Path, library: str, arguments: tuple[str, ...], says: str) -> None:
    run(library, "ingest", str(archive))
    shown = run(library, *arguments)
    assert shown.exit_code == 1 and "next:" in shown.stderr and says in shown.stderr and "Traceback" not in shown.output


def test_an_archive_without_any_log_of_a_node_is_refused_and_not_kept(library: str, tmp_path: Path) -> None:
    other = tmp_path / "holiday.tar.gz"
    with tarfile.open(other, "w:gz") as archive:
        archive.add(__file__, "photos/readme.txt")
    shown = run(library, "triage", str(other))
    assert shown.exit_code == 1 and "None of the archive's files" in shown.stderr and "node monitoring agent" in shown.stderr
    assert "unknown-" not in run(library, "triage", "i-0000000000000dead").stderr


def test_triage_takes_the_newest_bundle_of_the_archives_folder(archive: Path, tmp_path: Path) -> None:
    instance = scenarios.load("subnet-exhausted").instance_id
    shown = run(str(tmp_path / "fresh"), "--archives", str(archive.parent), "triage", instance)
    assert shown.exit_code == 0 and "The subnet has no free address left" in shown.stdout


def test_help_names_what_an_emergency_needs_first_and_cuts_no_sentence(library: str) -> None:
    shown = run(library, "--help").stdout
    commands = shown.split("Commands:")[1].split("Examples:")[0]
    assert commands.split()[0] == "triage" and "..." not in commands and "triage bundle.tar.gz" in shown


def test_a_call_that_fails_says_what_was_meant(library: str) -> None:
    shown = run(library, "call", "sumarize")
    assert shown.exit_code == 1 and shown.stderr.startswith("error: ") and "Did you mean summarize?" in shown.stderr


def test_a_report_that_cannot_be_written_says_so(archive: Path, library: str, tmp_path: Path) -> None:
    shown = run(library, "report", str(archive), "-o", str(tmp_path / "missing" / "r.html"))
    assert shown.exit_code == 1 and "cannot be written" in shown.stderr and "with -o" in shown.stderr


def test_shell_completion_offers_the_nodes_at_hand(archive: Path, library: str) -> None:
    run(library, "ingest", str(archive))
    env = {
        "_EKS_DIAG_MCP_COMPLETE": "bash_complete",
        "COMP_WORDS": "eks-diag-mcp triage i-",
        "COMP_CWORD": "2",
        "EKS_DIAG_LIBRARY": library,
    }
    shown = CliRunner().invoke(main, [], env=env, prog_name="eks-diag-mcp")
    assert f"plain,{scenarios.load('subnet-exhausted').instance_id}" in shown.output


def test_a_terminal_gets_colours_and_every_character_of_a_long_line() -> None:
    word = "Q" * 300
    answer = SummaryAnswer(
        instanceId="i-1",
        grounded=True,
        unresolved_finding_ids=[],
        verdict="[bold]v[/]",
        root_causes=[],
        evidence=[Line(file="a", line=1, text=f"[red]{word}")],
        affected=[],
        escalate=[],
        gaps=[],
        report_yaml="",
    )
    out = io.StringIO()
    show_verdict(answer, None, Console(file=out, force_terminal=True, width=60))
    shown = out.getvalue()
    assert "\x1b[" in shown and shown.count("Q") == 300 and "[red]" in shown and "[bold]v[/]" in shown
