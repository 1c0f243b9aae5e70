"""MCPServer with manners: arguments are mapped or refused, never ignored, and every failure becomes one plain text.

The SDK lets misspelt arguments pass, hides every exception that is not its own, and answers an unknown prompt with
"internal error". It keeps its tools in `_tool_manager`, for which there is no public way in; the tests would notice."""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError, UnexpectedToolError
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolResult,
    GetPromptResult,
    Icon,
    InputRequiredResult,
    ToolAnnotations,
)
from mcp.types import Prompt as McpPrompt
from mcp.types import Resource as McpResource
from pydantic import AnyUrl

from ..errors import DiagError
from ..quoting import clean, one_line
from .adapt import Provide, adapt, answer_model
from .manners import Manners, fold
from .schemas import shallow, slim

App = TypeVar("App")
_MAX_ERROR = 8_000  # characters; clients cut longer error texts in the middle
_Server = MCPServer  # the SDK's own parameter name for the lifespan type is not exported


class PlainArguments(FuncMetadata):
    """Arguments as they were tidied. The SDK would read any text that happens to be JSON ("[1]", a valid pattern)."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        return data


class StrictServer(_Server[App], Generic[App]):
    """The server. `unlisted` are tools that exist but are not offered: by name, what to say when one is called anyway,
    or the tool itself, which then answers."""

    def __init__(self, name: str | None = None, *, unlisted: Mapping[str, str | Tool] | None = None, **options: Any) -> None:
        self._manners: dict[str, Manners] = {}
        self._unlisted: dict[str, str | Tool | Callable[[], Tool]] = dict(unlisted or {})
        self.freshen: Callable[[], None] = lambda: None
        """Called before prompts and resources are listed or read: what they are made from may have changed."""
        super().__init__(name, **options)
        for tool in [*self._tool_manager.list_tools(), *self._unlisted.values()]:
            if isinstance(tool, Tool) and tool.name not in self._manners:
                self._make_strict(tool, None)

    def add_tool(  # noqa: PLR0913, PLR0917 - the SDK's own signature and two more
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        annotations: ToolAnnotations | None = None,
        icons: list[Icon] | None = None,
        meta: dict[str, Any] | None = None,
        structured_output: bool | None = None,
        *,
        provide: Provide | None = None,
        listed: bool = True,
    ) -> None:
        """Register a function. If it returns a pydantic model, that is its answer and gives its output schema.

        `provide(ctx)` makes its first argument at each call; that parameter is not published. A tool that is not
        `listed` answers when it is called, but clients are not told of it; it is made then."""
        called = name or fn.__name__
        if called in self._manners or callable(self._unlisted.get(called)):
            raise ValueError(f"Two tools are called {called!r}.")

        def made() -> Tool:
            tool = Tool.from_function(
                adapt(fn, provide),
                name=called,
                title=title,
                description=inspect.cleandoc(description or fn.__doc__ or ""),
                annotations=annotations,
                icons=icons,
                meta=meta,
                structured_output=structured_output,
            )
            self._make_strict(tool, fn)
            return tool

        if listed:
            self._tool_manager._tools[called] = made()
        else:
            self._unlisted[called] = made

    def _make_strict(self, tool: Tool, fn: Callable[..., Any] | None) -> None:
        """Unknown arguments refused (by its manners), schemas slim, the answer's schema shallow."""
        metadata = tool.fn_metadata
        model = metadata.arg_model
        tool.parameters = slim(tool.parameters)
        self._manners[tool.name] = Manners(tool.name, model)
        result = answer_model(fn) if fn is not None else None
        if result is not None:  # checked by the model itself in answers.answer, so not a second time here
            tool.fn_metadata = PlainArguments(arg_model=model, output_schema=shallow(result))
        else:
            tool.fn_metadata = PlainArguments(
                arg_model=model,
                output_schema=metadata.output_schema,
                output_model=metadata.output_model,
                wrap_output=metadata.wrap_output,
            )

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[App, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool. Raises ToolError with the text the client is to read, UnexpectedToolError for a crash."""
        tool = self._tool(name)
        tidied, fault = self._manners[tool.name].check(arguments)
        if fault:
            raise ToolError(fault)
        try:
            result: CallToolResult | InputRequiredResult = await tool.run(
                tidied, context or Context(mcp_server=self, subscriptions=self._subscriptions), convert_result=True
            )
        except ToolError as error:
            raise _told(name, error) from error
        return result

    def _tool(self, name: str) -> Tool:
        tool = self._tool_manager.get_tool(name) or self._unlisted.get(name)
        if callable(tool):
            tool = self._unlisted[name] = tool()
        if isinstance(tool, Tool):
            return tool
        if tool is not None:
            raise ToolError(tool)
        known = [each.name for each in self._tool_manager.list_tools()]
        near = difflib.get_close_matches(fold(name), {fold(each): each for each in known}, n=1, cutoff=0.6)
        hint = next((f" Did you mean {each}?" for each in known if near and fold(each) == near[0]), "")
        raise ToolError(f"Unknown tool: {one_line(name, 60)}.{hint} Tools: {', '.join(known)}")

    async def list_prompts(self) -> list[McpPrompt]:
        self.freshen()
        return await super().list_prompts()

    async def list_resources(self) -> list[McpResource]:
        self.freshen()
        return await super().list_resources()

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[App, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        self.freshen()
        return await super().read_resource(uri, context)

    def withdraw(self, prompts: Iterable[str], resources: Iterable[str]) -> None:
        """Prompts by name and resources by address that are there no more. The SDK has no public way for resources."""
        for name in prompts:
            self.remove_prompt(name)
        for uri in resources:
            self._resource_manager._resources.pop(uri, None)

    def faults(self, name: str, arguments: Mapping[str, object]) -> list[str] | None:
        """What is wrong with the arguments of a call as written, one line each; None for a tool that is not here. An argument
        that is missing is no fault: whoever writes a call down may leave it to be filled in."""
        manners = self._manners.get(name)
        return manners.faults(arguments) if manners is not None else None

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[App, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """A prompt by name. An unknown one, or an argument it does not take, is the caller's mistake and says so."""
        self.freshen()
        prompt = self._prompt(name)
        known = {fold(argument.name): argument.name for argument in prompt.arguments or ()}
        given = {known.get(fold(key), key): value for key, value in (arguments or {}).items() if value}
        if unknown := ", ".join(one_line(key, 60) for key in given if key not in known.values()):
            takes = ", ".join(known.values()) or "none"
            raise MCPError(INVALID_PARAMS, f"{prompt.name}: unknown arguments: {unknown}. Arguments: {takes}")
        missing = [each.name for each in prompt.arguments or () if each.required and each.name not in given]
        if missing:
            raise MCPError(INVALID_PARAMS, f"{prompt.name}: required: {', '.join(missing)}")
        return await super().get_prompt(prompt.name, given, context)

    def _prompt(self, name: str) -> Prompt:
        prompts = self._prompt_manager.list_prompts()
        if found := next((each for each in prompts if each.name == name), None):
            return found
        same = [each for each in prompts if fold(each.name) == fold(name)]
        if len(same) == 1:
            return same[0]
        shown = ", ".join(each.name for each in prompts[:50]) + (" ..." if len(prompts) > 50 else "")
        raise MCPError(INVALID_PARAMS, f"Unknown prompt {one_line(name, 60)!r}. Known: {shown or 'none'}")


def _told(name: str, error: ToolError) -> ToolError:
    """What the client reads of a failure: our own words as they are, of a crash only that it was one."""
    cause: BaseException | None = error.__cause__
    while isinstance(cause, BaseExceptionGroup) and len(cause.exceptions) == 1:
        cause = cause.exceptions[0]
    if isinstance(cause, DiagError):
        return ToolError(clean(str(cause), _MAX_ERROR))
    if isinstance(error, UnexpectedToolError):  # the SDK logs it with its traceback and sends this text
        return UnexpectedToolError(f"{name}: internal error. The server's log tells more. Other tools still answer.")
    return ToolError(str(cause) if isinstance(cause, ToolError | ResourceError) else str(error))
