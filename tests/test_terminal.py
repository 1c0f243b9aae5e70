"""run-sop on the command line: a bundle in, the steps and the report out."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from eks_diag_mcp.cli import main
from eks_diag_mcp.terminal import show_run
from eks_diag_mcp.tools.run_answer import RunAnswer, StepRow

from . import scenarios


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenarios.load("iam").write(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("library"))


def test_a_runbook_runs_on_an_archive_and_then_on_its_node(archive: Path, library: str) -> None:
    shown = CliRunner().invoke(main, ["--library", library, "run-sop", "D1", "--archive", str(archive)])
    assert shown.exit_code == 0, shown.output
    assert "MUST 16" in shown.output and "unmet" in shown.output and "root_cause: ipamd_failure" in shown.output
    again = CliRunner().invoke(main, ["--library", library, "run-sop", "D1", scenarios.load("iam").instance_id, "--json"])
    assert json.loads(again.output)["root_cause"] == "ip_allocation.iam"


def test_a_dry_run_needs_no_node(library: str) -> None:
    shown = CliRunner().invoke(main, ["--library", library, "run-sop", "D1", "--dry-run"])
    assert shown.exit_code == 0 and "would call" in shown.output


def test_text_is_never_read_as_markup() -> None:
    out = io.StringIO()
    row = StepRow(n=1, outcome="done", note="[bold red]x[/] [link=https://e.example]y[/link]")
    answer = RunAnswer(
        sop="[blink]S",
        headline="[reverse]h",
        root_causes=[],
        steps=[row],
        outcomes={},
        report_yaml="a: '[bold]'",
        escalate=[],
        open_questions=["[b]q"],
    )
    show_run(answer, Console(file=out, width=200))
    assert all(text in out.getvalue() for text in ("[bold red]x[/] [link=", "[blink]S", "[reverse]h", "[b]q", "'[bold]'"))
