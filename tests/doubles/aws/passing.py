"""The way to moto: it holds EC2, S3, STS, KMS, IAM and Auto Scaling. Bodies come in pieces, as it gives them."""

import http.client
import logging
from collections.abc import Iterator
from contextlib import closing

from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

from .wire import Answer, Request

HOP_BY_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "server", "date", "upgrade", "host"))
PIECE_BYTES = 64 * 1024


class Moto:
    """A moto server in a thread of this process, on a port of its own."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def reset(self) -> None:
        moto_api_backend.reset()

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self._server.get_host_and_port())

    def ask(self, request: Request) -> Answer:
        """moto's answer to the request, unchanged but for headers of the hop."""
        host, port = self._server.get_host_and_port()
        connection = http.client.HTTPConnection(host, port, timeout=60)
        headers = {k: v for k, v in request.headers.items() if k not in HOP_BY_HOP}
        target = request.path + (f"?{request.query}" if request.query else "")
        connection.request(request.method, target, body=request.body, headers={**headers, "content-length": str(len(request.body))})
        given = connection.getresponse()
        kept = {k.lower(): v for k, v in given.getheaders() if k.lower() not in HOP_BY_HOP}
        return Answer(given.status, kept, _pieces(connection, given))


def _pieces(connection: http.client.HTTPConnection, given: http.client.HTTPResponse) -> Iterator[bytes]:
    with closing(connection), given:
        while piece := given.read(PIECE_BYTES):
            yield piece
