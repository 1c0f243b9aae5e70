"""Streams of subscriptions/listen, ended in good order when the server shuts down. They never end by themselves, and a
shutdown that waits for the last answers would wait for them, too."""

from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.subscriptions import SUBSCRIPTION_ID_META_KEY


class Listening:
    """A middleware of the SDK's server."""

    def __init__(self) -> None:
        self._open: set[anyio.CancelScope] = set()
        self._ended = False

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass the request on; one that listens gets its last answer when `end` is called."""
        if ctx.method != "subscriptions/listen":
            return await call_next(ctx)
        with anyio.CancelScope() as scope:
            self._open.add(scope)
            if self._ended:
                scope.cancel()
            try:
                return await call_next(ctx)
            finally:
                self._open.discard(scope)
        return {"resultType": "complete", "_meta": {SUBSCRIPTION_ID_META_KEY: ctx.request_id}}

    def end(self) -> None:
        """End the streams that are open and all that will be asked for."""
        self._ended = True
        for scope in list(self._open):
            scope.cancel()
