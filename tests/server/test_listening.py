"""Streams of subscriptions/listen at the end of a server's life."""

from typing import Any

import anyio
import pytest
from mcp import Client

from eks_diag_mcp.server.listening import Listening
from eks_diag_mcp.server.strict import StrictServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_stream_that_is_open_ends_in_good_order_and_other_requests_go_on(server: StrictServer[Any]) -> None:
    listening = Listening()
    server.middleware.append(listening)
    async with Client(server) as client:
        with anyio.fail_after(30):
            async with client.listen(tools_list_changed=True) as changes:
                listening.end()
                assert [change async for change in changes] == []
        assert (await client.list_tools()).tools


async def test_a_stream_that_is_asked_for_during_the_shutdown_ends_at_once(server: StrictServer[Any]) -> None:
    listening = Listening()
    server.middleware.append(listening)
    listening.end()
    async with Client(server) as client:
        with anyio.fail_after(30):
            async with client.listen(tools_list_changed=True) as changes:
                assert [change async for change in changes] == []
