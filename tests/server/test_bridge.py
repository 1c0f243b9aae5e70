"""From a worker thread back to the call it works for."""

import threading

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import Context

from eks_diag_mcp.server import bridge
from eks_diag_mcp.server.strict import StrictServer


def test_progress_grows_and_skips_steps_too_small_to_tell(talk, server):
    heard = []

    async def hear(done, total, message):
        heard.append((done, total, message))

    async def do(client):
        return await client.call_tool("work", {}, progress_callback=hear)

    assert not talk(server, do).is_error
    assert [done for done, _, _ in heard] == [0, 1, 50, 100]
    assert heard[-1] == (100, 100, "100 done")


def test_both_do_nothing_outside_a_worker_thread():
    bridge.checkpoint()
    bridge.progress(Context())(1, 2, "x")


def test_both_do_nothing_on_the_event_loop_itself():
    async def main():
        bridge.checkpoint()
        bridge.progress(Context())(1, 2, "x")

    anyio.run(main)


def test_a_client_that_gives_up_stops_a_tool_at_its_next_checkpoint():
    started, stopped = threading.Event(), threading.Event()
    server = StrictServer("s")

    @server.tool()
    def long() -> str:
        """Work until told to stop."""
        started.set()
        pause = threading.Event()
        try:
            for _ in range(2_000):
                bridge.checkpoint()
                pause.wait(0.005)
        except BaseException:
            stopped.set()
            raise
        return "never stopped"

    async def main():
        async with Client(server) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "long", {})
            await anyio.to_thread.run_sync(started.wait, 5)
            tasks.cancel_scope.cancel()

    anyio.run(main)
    assert stopped.wait(5)


def test_a_tool_called_without_a_client_works_without_progress(server):
    result = anyio.run(server.call_tool, "work", {})
    assert result.structured_content["instanceId"] == "i-1"


@pytest.mark.parametrize("total", [None, 0])
def test_progress_without_a_total_needs_no_share(total):
    bridge.progress(Context())(1, total, "")
