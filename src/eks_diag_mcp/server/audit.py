"""Around every tool call, over stdio as over HTTP: the rate limit, one line in the audit log, the figures.

The line says who called which tool on which node or cluster, which collection it was, how it ended and how long it took.
Queries, answers and tokens are not in it."""

import json
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError

from ..quoting import one_line
from .logs import AUDIT
from .manners import fold
from .principals import Who
from .rates import Rates

_log = logging.getLogger(AUDIT)
_TOLD = {
    fold(name): name
    for name in (
        "instanceId",
        "instanceIds",
        "clusterName",
        "executionId",
        "executionIds",
        "batchId",
        "commandId",
        "region",
        "via",
        "sop",
    )
}
"""The arguments that are told; all others may quote logs."""
_MOST = 200
_TOO_FAST = -32_029
"""Our own error code for a request that is not a tool call; JSON-RPC leaves -32000 to -32099 to servers."""


class Counts(Protocol):
    """What counts calls."""

    def called(self, tool: str, outcome: str, seconds: float, size_bytes: int) -> None:
        """A call of a tool has ended."""
        ...


class Auditor:
    """A middleware of the SDK's server. `tools` are the names that may be told as they are; `rates` None: no limit."""

    def __init__(
        self,
        tools: frozenset[str],
        who: Who,
        now: Callable[[], float],
        rates: Rates | None = None,
        counts: Counts | None = None,
    ) -> None:
        self._tools, self._who, self._now, self._rates, self._counts = tools, who, now, rates, counts

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass the request on, if it is not one too many."""
        if ctx.method != "tools/call":
            if ctx.request_id is not None and (wait_s := self._wait(ctx.method)):
                raise MCPError(_TOO_FAST, _slower(wait_s))
            return await call_next(ctx)
        params = ctx.params or {}
        name = str(params.get("name"))
        tool, began = name if name in self._tools else "unknown", self._now()
        result: HandlerResult = None
        outcome = "cancelled"
        try:
            if wait_s := self._wait(tool):
                outcome, result = "limited", {"content": [{"type": "text", "text": f"{tool}: {_slower(wait_s)}"}], "isError": True}
                return result
            result = await call_next(ctx)
            outcome = "error" if isinstance(result, dict) and result.get("isError") else "ok"
            return result
        except Exception:
            outcome = "fault"
            raise
        finally:
            self._tell(tool, params.get("arguments"), result, outcome, self._now() - began)

    def _wait(self, what: str) -> float:
        return self._rates.take(self._who().name, what) if self._rates else 0.0

    def _tell(self, tool: str, arguments: object, result: HandlerResult, outcome: str, seconds: float) -> None:
        answer = result if isinstance(result, dict) else {}
        fields: dict[str, object] = {"who": self._who().name, "tool": tool, **_subject(arguments, answer), "outcome": outcome}
        fields["seconds"] = round(seconds, 3)
        _log.info(" ".join(f"{k}={_plain(v)}" for k, v in fields.items()), extra={"fields": fields})
        if self._counts:
            self._counts.called(tool, outcome, seconds, _size(answer))


def _subject(arguments: object, answer: Mapping[str, Any]) -> dict[str, str]:
    """The node, cluster and collection of a call; what the answer says of them wins (an alias becomes an instance)."""
    found = {_TOLD[fold(k)]: v for k, v in arguments.items() if fold(k) in _TOLD} if isinstance(arguments, dict) else {}
    told = answer.get("structuredContent") or {}
    found |= {name: told[name] for name in ("instanceId", "executionId", "batchId") if isinstance(told, dict) and told.get(name)}
    found |= {"taskId": answer["taskId"]} if answer.get("taskId") else {}
    return {
        name: one_line(value if isinstance(value, str) else json.dumps(value, default=str), _MOST)
        for name, value in found.items()
        if value is not None
    }


def _plain(value: object) -> str:
    text = str(value)
    return text if text and not any(c in text for c in ' "=') else json.dumps(text, ensure_ascii=True)


def _size(answer: Mapping[str, Any]) -> int:
    return sum(len(str(block.get("text", "")).encode()) for block in answer.get("content") or () if isinstance(block, dict))


def _slower(wait_s: float) -> str:
    return f"too many calls. Call again in {math.ceil(wait_s)} s."
