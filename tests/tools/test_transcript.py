"""A run leaves a transcript that another engineer can replay: the same calls, the same answers, or what differs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.cli import main
from eks_diag_mcp.config import Settings
from eks_diag_mcp.errors import BadInput
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.running import carried_out
from eks_diag_mcp.tools.transcript import Recorded, recorded, replayed

from .. import scenarios
from ..conftest import PATTERNS

Admit = Callable[[str], Bundle]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenarios.load("eni-limit").write(tmp_path_factory.mktemp("archive"))


@pytest.fixture
def elsewhere(archive: Path, tmp_path: Path) -> App:
    """Another engineer's library with the same log bundle."""
    app = App(Settings(library=tmp_path / "elsewhere", patterns=PATTERNS))
    app.library.admit(archive, now=app.now, wall=app.wall())
    return app


@pytest.fixture
def written(app: App, scenario_bundle: Admit) -> Recorded:
    room = Room(app)
    return recorded(room, carried_out(room, "D1", scenario_bundle("eni-limit").instance_id, {}))


def text(transcript: Recorded, **changed: object) -> str:
    return transcript.model_copy(update=changed).model_dump_json(exclude_none=True)


def test_every_call_stands_in_it_with_its_exact_arguments_and_the_digest_of_its_answer(written: Recorded) -> None:
    calls = [call for step in written.steps for call in step.calls]
    assert len(calls) > 12 and all(len(call.answer or "") == 16 for call in calls if call.tool != "collect")
    searches = [call.arguments["query"] for call in calls if call.tool == "search"]
    assert "failed to assign an IP|no available IP|InsufficientFreeAddresses|failed to allocate ENI" in searches
    assert written.root_cause == "ip_allocation.eni_limit" and len(written.bundle) == 32 and len(written.steps) == 33


def test_a_replay_in_another_library_gives_the_same_answers(written: Recorded, elsewhere: App) -> None:
    answer = replayed(Room(elsewhere), text(written))
    assert answer.same and answer.root_cause == answer.recorded_root_cause == "ip_allocation.eni_limit" and answer.notes == []
    outcomes = {call.tool: call.outcome for call in answer.calls}
    assert outcomes["collect"] == outcomes["status"] == "not_compared"
    assert {outcomes[name] for name in ("errors", "search", "network_diagnostics", "correlate", "summarize")} == {"same"}


def test_an_answer_that_differs_is_named(written: Recorded, elsewhere: App) -> None:
    steps = [
        step.model_copy(update={"calls": [call.model_copy(update={"answer": "0" * 16}) for call in step.calls]})
        if any(call.tool == "errors" for call in step.calls)
        else step
        for step in written.steps
    ]
    answer = replayed(Room(elsewhere), text(written, steps=steps, sop_digest="0" * 16, signatures="0" * 16, version="0.0.0"))
    assert not answer.same and [call.tool for call in answer.calls if call.outcome == "differs"] == ["errors"]
    assert len(answer.notes) == 3


def test_another_root_cause_is_not_the_same_run(written: Recorded, elsewhere: App) -> None:
    assert not replayed(Room(elsewhere), text(written, root_cause="ip_allocation.iam")).same


def test_a_transcript_of_another_bundle_is_refused(written: Recorded, elsewhere: App) -> None:
    with pytest.raises(BadInput, match="newest bundle of"):
        replayed(Room(elsewhere), text(written, bundle="0" * 32))


@pytest.mark.parametrize("odd", ["", "{}", "[1]", '{"format": "other"}'])
def test_what_is_no_transcript_is_refused(odd: str, elsewhere: App) -> None:
    with pytest.raises(BadInput, match="no transcript"):
        replayed(Room(elsewhere), odd)


def test_a_transcript_calls_nothing_but_the_tools_of_a_run(written: Recorded, elsewhere: App) -> None:
    document = json.loads(text(written))
    document["steps"][0]["calls"] = [
        {"tool": "run_sop", "arguments": {"sop": "D1"}},
        {"tool": "os.system", "arguments": {"command": "id"}},
        {"tool": "errors", "arguments": {"nonsense": 1}},
    ]
    document["steps"] = document["steps"][:1]
    answer = replayed(Room(elsewhere), json.dumps(document))
    assert [call.outcome for call in answer.calls] == ["failed"] * 3 and not answer.same


def test_the_command_line_writes_and_replays_it(archive: Path, tmp_path: Path) -> None:
    transcript = tmp_path / "t.json"

    def run(*words: str) -> tuple[int, str]:
        found = CliRunner().invoke(main, ["--library", str(tmp_path / "l"), *words])
        return found.exit_code, found.stdout

    assert run("run-sop", "D1", "--archive", str(archive), "--transcript", str(transcript))[0] == 0
    code, shown = run("replay", str(transcript), "--archive", str(archive))
    assert code == 0 and "root cause: ip_allocation.eni_limit, as recorded" in shown
    transcript.write_text(
        transcript.read_text(encoding="utf-8").replace('"root_cause": "ip_', '"root_cause": "xp_'), encoding="utf-8"
    )
    code, shown = run("replay", str(transcript), "--json")
    assert code == 1 and json.loads(shown)["same"] is False
