"""Completion of arguments of prompts and of resource templates, from functions handed in."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from ..errors import DiagError
from ..quoting import one_line
from .manners import fold

Candidates = Callable[[Mapping[str, str]], Iterable[str]]
"""Gets the arguments already settled (`instanceId` for the paths of its bundle), gives every value that would do."""

_MOST = 100  # the protocol's own limit


def add_completions(server: MCPServer[Any], candidates: Mapping[str, Candidates]) -> None:
    """Register the one completion handler. `candidates` is by argument name: instanceId, executionId, clusterName, name
    (of a SOP, in sop:///{name}), path, source and so on, in any spelling. Other arguments get no suggestions."""
    by_fold = {fold(name): function for name, function in candidates.items()}

    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        function = by_fold.get(fold(argument.name))
        settled = dict(context.arguments or {}) if context else {}
        values = await anyio.to_thread.run_sync(_values, function, settled) if function else []
        found = matching(values, argument.value)
        return Completion(values=found[:_MOST], total=len(found), has_more=len(found) > _MOST)

    server.completion()(complete)  # type: ignore[no-untyped-call]


def matching(values: Iterable[str], typed: str) -> list[str]:
    """The values that begin with what was typed, then those that hold it; case does not count."""
    wanted = typed.casefold()
    every = list(dict.fromkeys(values))
    begin = [value for value in every if value.casefold().startswith(wanted)]
    return begin + [value for value in every if wanted in value.casefold() and not value.casefold().startswith(wanted)]


def _values(function: Candidates, settled: Mapping[str, str]) -> list[str]:
    """A suggestion that cannot be made is none; the tool itself will say why."""
    try:
        return [one_line(value, 1_000) for value in function(settled)]
    except DiagError:
        return []
