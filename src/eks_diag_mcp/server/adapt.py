"""A plain function dressed as an MCP tool: it knows neither Context nor CallToolResult."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, Result
from pydantic import BaseModel

from .answers import answer

Provide = Callable[[Context[Any, Any]], object]
"""Makes a tool's first argument (what it works with) for one call."""

_CTX = "ctx_"


def answer_model(fn: Callable[..., Any]) -> type[BaseModel] | None:
    """The result model a function declares; None for anything else (the SDK then shapes the answer)."""
    returned = get_type_hints(fn).get("return")
    is_model = inspect.isclass(returned) and issubclass(returned, BaseModel) and not issubclass(returned, Result)
    return returned if is_model else None


def adapt(fn: Callable[..., Any], provide: Provide | None = None) -> Callable[..., Any]:
    """The function as the SDK calls it: its model becomes an answer, and its first parameter, where `provide` makes it,
    is not part of what is published. A synchronous function stays one, so it runs on a worker thread."""
    model = answer_model(fn)
    if model is None and provide is None:
        return fn
    hints = get_type_hints(fn, include_extras=True)
    parameters = list(inspect.signature(fn).parameters.values())[1 if provide else 0 :]
    published = [p.replace(kind=p.KEYWORD_ONLY, annotation=hints.get(p.name, p.annotation)) for p in parameters]
    names = tuple(p.name for p in published)

    def bind(kwargs: dict[str, Any]) -> Callable[[], Any]:
        if provide is None:
            return functools.partial(fn, **kwargs)
        return functools.partial(fn, provide(kwargs.pop(_CTX)), **kwargs)

    def shape(result: Any) -> Any:
        return answer(result, names) if model is not None else result

    async def later(**kwargs: Any) -> Any:
        return shape(await bind(kwargs)())

    def now(**kwargs: Any) -> Any:
        return shape(bind(kwargs)())

    tool: Callable[..., Any] = later if inspect.iscoroutinefunction(fn) else now
    if provide is not None:
        published.append(inspect.Parameter(_CTX, inspect.Parameter.KEYWORD_ONLY, annotation=Context))
    returned = CallToolResult if model is not None else hints.get("return", Any)
    tool.__name__, tool.__qualname__, tool.__doc__ = fn.__name__, fn.__qualname__, fn.__doc__
    tool.__module__ = fn.__module__
    tool.__annotations__ = {p.name: p.annotation for p in published} | {"return": returned}
    tool.__signature__ = inspect.Signature(published, return_annotation=returned)  # type: ignore[attr-defined]
    return tool
