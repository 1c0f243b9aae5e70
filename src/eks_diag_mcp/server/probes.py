"""/healthz, /readyz and /metrics. Probes come with the pod's address as Host and without a token, so these are open to
whoever reaches the port: they tell nothing of nodes, clusters or callers."""

import logging
import tempfile
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..app import App
from ..bundle.store import secure
from ..errors import DiagError

if TYPE_CHECKING:
    from .metrics import Metrics

_log = logging.getLogger(__name__)


def metrics_of(app: App) -> "Metrics | None":
    """The figures of a server; None where the extra is not installed."""
    try:
        from .metrics import Metrics
    except ImportError:
        _log.warning("no /metrics: install eks-diag-mcp[http]")
        return None
    return Metrics(lambda: len(app.intake.jobs.running()))


def probes(app: App, metrics: "Metrics | None") -> list[Route]:
    """The routes."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        faults = await anyio.to_thread.run_sync(_faults, app)
        return JSONResponse({"status": "not ready", "faults": faults}, 503) if faults else JSONResponse({"status": "ok"})

    routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
    if metrics is not None:
        from .metrics import CONTENT_TYPE

        text = metrics.text

        async def figures(_request: Request) -> Response:
            return Response(text(), media_type=CONTENT_TYPE)

        routes.append(Route("/metrics", figures))
    return routes


def _faults(app: App) -> list[str]:
    """Why this server cannot work now. It can when it may write to its library and its signatures are loaded."""
    faults = []
    try:
        secure([app.library.root])
        with tempfile.TemporaryFile(dir=app.library.root):
            pass
        app.library.home.objects.read("readyz")  # there is none; a bucket that refuses or does not answer is told
    except OSError as error:
        faults.append(f"the library cannot be written ({type(error).__name__})")
    except DiagError as error:
        faults.append(f"the library cannot be read: {error.message}")
    try:
        _ = app.catalogue
    except DiagError:
        _log.exception("the signatures do not load")
        faults.append("the signatures do not load; the server's log tells more")
    return faults
