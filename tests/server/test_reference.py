"""What the model sees: docs/tools.md and a golden file, so that every change of it shows in review."""

import json
import os
from pathlib import Path
from typing import Any

from eks_diag_mcp.config import LISTED
from eks_diag_mcp.server.reference import offer, render

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/tools.json"


def seen() -> dict[str, Any]:
    told = offer(LISTED)
    return {
        "instructions": told.instructions,
        "tools": [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in told.tools],
    }


def test_the_committed_reference_is_the_generated_one() -> None:
    command = "python -m eks_diag_mcp.server.reference > docs/tools.md"
    assert (ROOT / "docs/tools.md").read_text(encoding="utf-8") == render(), f"run: {command}"


def test_the_model_sees_what_the_golden_file_says() -> None:
    text = json.dumps(seen(), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden == json.loads(text), "if that is meant: UPDATE_GOLDEN=1 pytest tests/server/test_reference.py"


def test_the_default_list_of_tools_costs_a_conversation_less_than_20_kb() -> None:
    paid = [{key: tool[key] for key in ("name", "description", "inputSchema")} for tool in seen()["tools"]]
    assert len(json.dumps(paid, ensure_ascii=False, separators=(",", ":")).encode()) < 20_000


def test_the_instructions_stay_below_2000_characters() -> None:
    assert 0 < len(seen()["instructions"]) < 2_000


def test_every_tool_has_a_title_a_description_and_says_what_it_does_to_the_world() -> None:
    for tool in seen()["tools"]:
        assert tool["title"] and tool["description"] and "outputSchema" in tool
        assert tool["annotations"]["readOnlyHint"] is (tool["name"] not in ("collect", "batch_collect", "tcpdump_capture"))
        assert tool["inputSchema"]["additionalProperties"] is False


def test_by_default_no_tool_waits_as_long_as_the_five_seconds_that_some_clients_give_a_request() -> None:
    waits = [
        parameter["default"]
        for tool in seen()["tools"]
        for name, parameter in tool["inputSchema"]["properties"].items()
        if name == "waitSeconds"
    ]
    assert waits and max(waits) <= 3
