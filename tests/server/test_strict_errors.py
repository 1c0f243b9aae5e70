"""Every failure of a tool, a prompt or a resource is one plain text that says what to do."""

import logging

import pytest
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts import Prompt
from mcp.shared.exceptions import MCPError

from eks_diag_mcp.server.strict import StrictServer

from .conftest import texts


def failed(call, query):
    result = call("search", {"instanceId": "i-1", "query": query})
    assert result.is_error and result.structured_content is None
    return texts(result)


def test_our_own_errors_reach_the_client_as_they_are(call):
    assert failed(call, "diag") == ["No such thing. Call errors."]


def test_our_own_error_out_of_a_task_group_does_too(call):
    assert failed(call, "group") == ["EC2 does not answer. Try again."]


def test_a_crash_is_logged_and_told_without_any_detail(call, caplog):
    with caplog.at_level(logging.ERROR):
        (text,) = failed(call, "crash")
    assert text == "search: internal error. The server's log tells more. Other tools still answer."
    assert "secret at /srv/private/path" in caplog.text


def test_a_deliberate_tool_error_keeps_its_text_without_a_prefix(talk):
    server = StrictServer("s")

    @server.tool()
    def refuse() -> str:
        """Refuse."""
        raise ToolError("Not today.")

    assert texts(talk(server, lambda client: client.call_tool("refuse", {}))) == ["Not today."]


def test_an_error_text_is_short_and_without_control_characters(call):
    (text,) = failed(call, "long")
    assert text.startswith("a\\x1bxxx") and 8_000 < len(text) < 8_100


def test_an_unknown_tool_is_told_with_the_nearest_and_all(call):
    (text,) = texts(call("serach"))
    assert text == "Unknown tool: serach. Did you mean search? Tools: search, capture, work"


def test_an_unlisted_tool_that_is_off_says_what_switches_it_on(call, talk, server):
    assert texts(call("tcpdump_capture", {"x": 1})) == ["tcpdump_capture is off: start with --toolsets capture."]
    listed = talk(server, lambda client: client.list_tools())
    assert [tool.name for tool in listed.tools] == ["search", "capture", "work"]


def test_an_unlisted_tool_that_is_on_answers_with_the_same_manners(call):
    assert call("history", {"duration": 5}).structured_content["given"]["durationSeconds"] == 5
    assert "no such argument" in texts(call("history", {"duratio": 5, "nix": 1}))[0]


def test_two_tools_of_one_name_are_a_mistake_of_ours(server):
    with pytest.raises(ValueError, match="search"):
        server.add_tool(lambda: "x", name="search")


def refused(talk, server, name, arguments=None):
    with pytest.raises(MCPError) as raised:
        talk(server, lambda client: client.get_prompt(name, arguments))
    return raised.value.error


def with_prompt(server):
    def ask(instanceId: str | None = None) -> str:
        return f"Look at {instanceId}."

    server.add_prompt(Prompt.from_function(ask, name="D1-vpc"))
    return server


def test_an_unknown_prompt_is_an_invalid_parameter_and_names_the_known(talk, server):
    error = refused(talk, with_prompt(server), "nope")
    assert error.code == -32602 and error.message == "Unknown prompt 'nope'. Known: D1-vpc"


def test_an_unknown_prompt_argument_is_an_invalid_parameter(talk, server):
    error = refused(talk, with_prompt(server), "D1-vpc", {"nod": "x"})
    assert error.code == -32602 and error.message == "D1-vpc: unknown arguments: nod. Arguments: instanceId"


def test_a_prompt_takes_other_spellings_of_its_name_and_arguments(talk, server):
    result = talk(with_prompt(server), lambda client: client.get_prompt("d1_VPC", {"instance_id": "i-7"}))
    assert result.messages[0].content.text == "Look at i-7."
