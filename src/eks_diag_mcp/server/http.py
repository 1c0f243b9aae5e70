"""Serving over HTTP: streamable HTTP without sessions, so that any replica of one library answers any request.

/mcp asks for authentication where it is configured, and always checks Host and Origin."""

import contextlib
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import Any

import anyio.to_thread
import uvicorn
from mcp.server.auth.settings import AuthSettings
from starlette.applications import Starlette

from ..app import App
from .auth import AuthConfig, Verifier
from .build import build_server
from .http_config import HttpConfig
from .listening import Listening
from .principals import LOCAL, authenticated
from .probes import metrics_of, probes
from .rates import Rates
from .strict import StrictServer

_log = logging.getLogger(__name__)
_LAST_ANSWERS_S = 10
"""How long a shutdown waits for answers under way."""


Build = Callable[..., StrictServer[Any]]
"""Makes the server of an App: `build_server`, or what adds to its server."""


def serve_http(app: App, config: HttpConfig, build: Build = build_server) -> None:
    """Serve until SIGTERM or SIGINT. Then: no new requests, the last answers, the bundles being indexed as far as the time
    goes. What is not done by then is taken up by whoever asks for its status next."""
    asgi = http_app(app, config, build)
    server = _Server(
        uvicorn.Config(
            asgi,
            host=config.host,
            port=config.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
        ),
        asgi.state.listening,
    )
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again when it is done
        signal.signal(number, _leave)
    _log.warning("serving on http://%s:%s/mcp, %s", config.host, config.port, _manner(config))
    server.run()
    if not server.started:
        sys.exit(1)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, listening: Listening) -> None:
        super().__init__(config)
        self._listening = listening

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._listening.end()
        await super().shutdown(sockets)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _manner(config: HttpConfig) -> str:
    return "with authentication" if config.auth else "to every user of this machine"


def http_app(app: App, config: HttpConfig, build: Build = build_server) -> Starlette:
    """The ASGI application. Its `state.listening` ends the streams of clients that listen for changes."""
    metrics = metrics_of(app)
    server = build(
        app,
        who=authenticated if config.auth else lambda: LOCAL,
        rates=Rates(config.calls_per_minute, app.now),
        counts=metrics,
        lifespan=lambda _server: _until_drained(app, config.drain_s),
        **_authentication(app, config.auth),
    )
    listening = Listening()
    server.middleware.append(listening)
    made = server.streamable_http_app(
        stateless_http=True,
        transport_security=config.security(),
        max_request_body_size=config.max_body_bytes,
        host=config.host,
    )
    made.state.listening = listening
    made.router.routes.extend(probes(app, metrics))
    return made


def _authentication(app: App, auth: AuthConfig | None) -> dict[str, Any]:
    if auth is None:
        return {}
    issuer = auth.jwt.issuer if auth.jwt else auth.resource or "http://localhost"  # told to clients with JWTs only
    return {
        "token_verifier": Verifier(auth, app.settings.clusters),
        "auth": AuthSettings(
            issuer_url=issuer,
            resource_server_url=auth.resource if auth.jwt else None,
            validate_token_resource=False,  # the verifier checks the audience itself
        ),
    }


@contextlib.asynccontextmanager
async def _until_drained(app: App, drain_s: float) -> AsyncIterator[dict[str, Any]]:
    yield {}
    left = await anyio.to_thread.run_sync(lambda: app.intake.jobs.drain(app.now() + drain_s, app.now))
    if left:
        _log.warning("%d collections are left half-way; their status takes them up again", left)
