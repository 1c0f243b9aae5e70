"""A web application on a free port of 127.0.0.1, over TLS with a CA of its own, in a thread."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Any

import trustme
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

LISTENING = 128


class _Connection(H11Protocol):
    """Remembers the connections, so that one can be reset in the middle of anything."""

    open: dict[tuple[str, int], asyncio.Transport]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = transport.get_extra_info("peername")
        self.open[self.peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.pop(self.peer, None)
        super().connection_lost(exc)


class TlsServer:
    """`start` answers when the port listens; `call` runs something inside the server's own loop."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.ca = trustme.CA()
        self.stranger = trustme.CA()
        """A CA that signed nothing here, for clients that trust the wrong one."""
        self._connections: dict[tuple[str, int], asyncio.Transport] = {}
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=LISTENING)
        self.port: int = self._socket.getsockname()[1]
        protocol = type("Connection", (_Connection,), {"open": self._connections})
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ssl_context_factory=self._tls,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="kubernetes-double", daemon=True)
        self.loop: asyncio.AbstractEventLoop | None = None

    def _tls(self, *_: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context

    def _run(self) -> None:
        async def main() -> None:
            self.loop = asyncio.get_running_loop()
            await self._server.serve(sockets=[self._socket])

        asyncio.run(main())

    def start(self) -> None:
        """The port listens since __init__: clients that come early wait for the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; open answers are cut."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=10)

    def call(self, what: Callable[[], None]) -> None:
        """Run it in the server's loop, soon. Nothing happens when the server is not up."""
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(what)

    def hang_up(self, client: tuple[str, int], hard: bool) -> None:
        """End that client's connection: by a TCP reset, which also takes back what is under way, or by its plain end.

        To be called in the server's loop.
        """
        transport = self._connections[client]
        if hard:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
