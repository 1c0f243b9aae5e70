"""The HTTP side: uvicorn in a thread on a loopback port of its own, with connections that can be broken on purpose."""

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio.to_thread
import uvicorn
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response, StreamingResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from .faults import Corrupt, Cut, Fault, Reset, Silence, Slow
from .wire import Answer, Request

Work = Callable[[Request], tuple[Answer | None, Fault | None]]
"""What a request gets: an answer (None with a fault that leaves none), and the fault to run it into."""

LONGEST_SILENCE_S = 120.0


class Connections:
    """The open connections by the client's address: a fault needs the transport itself."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        known = self.open

        class Known(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client:
                    known[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    known.pop(self.client, None)
                super().connection_lost(exc)

        return Known


class Server:
    """Serves `work`, which runs on worker threads. `url` is known once `start` has returned."""

    def __init__(self, work: Work) -> None:
        self._work, self._connections = work, Connections()
        # The protocol is named so that asyncio sets TCP_NODELAY: without, each answer waits 40 ms for the client's ACK.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        config = uvicorn.Config(
            self._app,
            http=self._connections.protocol(),
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            log_level="error",
            timeout_keep_alive=3600,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True, name="aws-double")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """The socket listens already: clients may connect at once and are answered when the loop runs."""
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        given = StarletteRequest(scope, receive)
        headers = {k.decode().lower(): v.decode("latin-1") for k, v in scope["headers"]}
        body = await given.body()
        request = Request(given.method, scope["raw_path"].decode(), scope["query_string"].decode(), headers, body)
        answer, fault = await anyio.to_thread.run_sync(self._work, request)
        transport = self._connections.open.get(tuple(scope["client"]))
        if transport is None:  # the client gave up waiting
            return
        if fault is not None and (answer is None or isinstance(fault, Reset | Silence | Cut)):
            await _break(fault, answer, transport, receive, send)
            return
        assert answer is not None
        await _response(answer, fault)(scope, receive, send)


def _response(answer: Answer, fault: Fault | None) -> Response:
    if isinstance(fault, Corrupt):
        data = bytearray(_whole(answer))
        data[fault.at % len(data)] ^= 0xFF
        answer = Answer(answer.status, answer.headers, bytes(data))
    if isinstance(fault, Slow):
        return StreamingResponse(_slowly(_whole(answer), fault), answer.status, dict(answer.headers))
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, dict(answer.headers))
    return StreamingResponse(iterate_in_threadpool(answer.body), answer.status, dict(answer.headers))


async def _slowly(data: bytes, fault: Slow) -> AsyncIterator[bytes]:
    size = -(-len(data) // fault.pieces)
    for start in range(0, len(data), size):
        await asyncio.sleep(fault.pause_s)
        yield data[start : start + size]


async def _break(fault: Fault, answer: Answer | None, transport: asyncio.Transport, receive: Any, send: Any) -> None:
    """Send what the fault lets through, then end the connection as it says."""
    after = getattr(fault, "after", None)
    if answer is not None and after is not None:
        await send({"type": "http.response.start", "status": answer.status, "headers": _raw(answer)})
        await send({"type": "http.response.body", "body": _whole(answer)[:after], "more_body": True})
    if isinstance(fault, Silence):
        await _until_gone(receive)
    elif isinstance(fault, Reset):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return
    transport.close()


async def _until_gone(receive: Any) -> None:
    """Wait until the client has hung up (its read timeout), not for ever."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    await asyncio.wait_for(gone(), LONGEST_SILENCE_S)


def _whole(answer: Answer) -> bytes:
    body = answer.whole().body
    assert isinstance(body, bytes)
    return body


def _raw(answer: Answer) -> list[tuple[bytes, bytes]]:
    return [(k.encode(), v.encode("latin-1")) for k, v in answer.headers.items()]
