"""What the conformance suites call by name: tools, prompts and resources with contents of no meaning, put into our own server.

They go through the same doors as the real ones (strict arguments, translated errors, the audit line, reloading runbooks), which
is what the suites are to prove."""

import base64
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import PromptArgument, UserMessage
from mcp.server.mcpserver.resources import BinaryResource, TextResource
from mcp.shared.exceptions import MCPError
from mcp.types import (
    AudioContent,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from pydantic import Field

from eks_diag_mcp.server.strict import StrictServer

from .asking import add_asking

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==")
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00"
_MISSING_CAPABILITY = -32_021
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def add_fixtures(server: StrictServer[Any]) -> None:
    """All of them."""
    for tool in _TOOLS:
        server.add_tool(tool, description=f"Fixture {tool.__name__}.", structured_output=False)
    told = server._tool_manager.get_tool(json_schema_2020_12_tool.__name__)
    assert told is not None
    told.parameters = SCHEMA  # published as it stands; the SDK makes schemas from Python types only
    add_asking(server)
    _add_resources(server)
    for prompt in _prompts():
        server.add_prompt(prompt)


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)


def _image() -> ImageContent:
    return ImageContent(type="image", data=base64.b64encode(PNG).decode(), mime_type="image/png")


def _embedded(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


def test_simple_text() -> Any:
    return [_text("This is a simple text response for testing.")]


def test_image_content() -> Any:
    return [_image()]


def test_audio_content() -> Any:
    return [AudioContent(type="audio", data=base64.b64encode(WAV).decode(), mime_type="audio/wav")]


def test_embedded_resource() -> Any:
    return [_embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]


def test_multiple_content_types() -> Any:
    embedded = _embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')
    return [_text("Multiple content types test:"), _image(), embedded]


def test_error_handling() -> Any:
    raise ToolError("This tool intentionally returns an error for testing")


async def test_tool_with_progress(ctx: Context[Any, Any]) -> Any:
    for done in (0, 50, 100):
        await ctx.report_progress(done, 100)
        await anyio.lowlevel.checkpoint()
    return [_text("done")]


async def test_tool_with_logging(ctx: Context[Any, Any]) -> Any:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.info(said)
    return [_text("done")]


async def test_logging_tool(ctx: Context[Any, Any]) -> Any:
    await ctx.info("said to those who asked for it")
    return [_text("done")]


def test_missing_capability(ctx: Context[Any, Any]) -> Any:
    able = ctx.client_capabilities
    if able is None or able.sampling is None:
        data = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(_MISSING_CAPABILITY, "This tool needs the client's sampling.", data=data)
    return [_text("done")]


async def test_trigger_tool_change(ctx: Context[Any, Any]) -> Any:
    await ctx.notify_tools_changed()
    return [_text("done")]


async def test_trigger_prompt_change(ctx: Context[Any, Any]) -> Any:
    await ctx.notify_prompts_changed()
    return [_text("done")]


def test_headers(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> Any:
    return [_text(region)]


def json_schema_2020_12_tool(name: str = "") -> Any:
    return [_text(name)]


_TOOLS = (
    test_simple_text,
    test_image_content,
    test_audio_content,
    test_embedded_resource,
    test_multiple_content_types,
    test_error_handling,
    test_tool_with_progress,
    test_tool_with_logging,
    test_logging_tool,
    test_missing_capability,
    test_trigger_tool_change,
    test_trigger_prompt_change,
    test_headers,
    json_schema_2020_12_tool,
)


def _add_resources(server: StrictServer[Any]) -> None:
    text = "This is the content of the static text resource."
    server.add_resource(
        TextResource(uri="test://static-text", name="static-text", description="Text.", mime_type="text/plain", text=text)
    )
    server.add_resource(
        BinaryResource(uri="test://static-binary", name="static-binary", description="A picture.", mime_type="image/png", data=PNG)
    )

    @server.resource("test://template/{id}/data", name="template", mime_type="application/json")
    def template(id: str) -> dict[str, Any]:
        return {"id": id, "templateTest": True, "data": f"Data for ID: {id}"}


def _prompts() -> list[Prompt]:
    def simple() -> str:
        return "This is a simple prompt for testing."

    def arguments(arg1: str, arg2: str) -> str:
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    def embedded(resourceUri: str) -> list[Any]:
        resource = _embedded(resourceUri, "text/plain", "Embedded resource content for testing.")
        return [UserMessage(resource), UserMessage("Please process the embedded resource above.")]

    def image() -> list[Any]:
        return [UserMessage(_image()), UserMessage("Please analyze the image above.")]

    made = {
        "test_simple_prompt": simple,
        "test_prompt_with_arguments": arguments,
        "test_prompt_with_embedded_resource": embedded,
        "test_prompt_with_image": image,
    }
    found = [Prompt.from_function(fn, name=name, description=f"Fixture {name}.") for name, fn in made.items()]
    found[1].arguments = [PromptArgument(name=name, description="Text.", required=True) for name in ("arg1", "arg2")]
    return found
