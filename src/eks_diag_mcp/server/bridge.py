"""From the worker thread of a synchronous tool back to the event loop: may I go on, and how far I am.

Tools take both as plain callables and need no anyio. Outside a worker thread (tests, the command line) both do nothing:
anyio says so by RuntimeError, which is what its documentation promises for such a thread."""

from collections.abc import Callable
from typing import Any

import anyio
import anyio.from_thread
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, Field

Progress = Callable[[float, float | None, str], None]
"""done, total (None = not known), message."""

_STEP = 0.01  # share of the total below which progress is not worth a message


def checkpoint() -> None:
    """Raise the cancellation of the call this thread works for, if its client gave it up. Cheap: once per block."""
    try:
        anyio.from_thread.check_cancelled()
    except RuntimeError:
        return


def progress(ctx: Context[Any, Any]) -> Progress:
    """A callable that reports the progress of the call behind `ctx`; a client that did not ask hears nothing.

    The protocol wants growing values: one that does not exceed the last is dropped, and so are steps below 1 %."""
    last: float | None = None
    try:
        asked = bool(ctx.request_context)
    except ValueError:  # called without a client, as the command line does
        asked = False

    def report(done: float, total: float | None = None, message: str = "") -> None:
        nonlocal last
        finished = total is not None and done >= total
        least = 0.0 if last is None or total is None or finished else total * _STEP
        if not asked or (last is not None and (done <= last or done - last < least)):
            return
        try:
            anyio.from_thread.run(ctx.report_progress, done, total, message or None)
        except (RuntimeError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return
        last = done

    return report


class Agreement(BaseModel):
    """What a person answers."""

    agree: bool = Field(description="Go on?")


def confirm(ctx: Context[Any, Any]) -> Callable[[str], bool | None]:
    """A callable that asks the person behind the client. None where this client, or its era of the protocol, cannot be
    asked in the middle of a call."""

    def ask(question: str) -> bool | None:
        try:
            able = ctx.client_capabilities is not None and ctx.client_capabilities.elicitation is not None
            if not able:
                return None
            answer = anyio.from_thread.run(ctx.elicit, question, Agreement)
        except (ValueError, RuntimeError, MCPError):  # no request, no worker thread, no way back to the client
            return None
        return answer.action == "accept" and bool(answer.data.agree)

    return ask
