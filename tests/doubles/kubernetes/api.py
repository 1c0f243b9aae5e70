"""The web application: who asks, may they, and then the answer. One way in for every request."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from . import discovery, paging, status
from .asked import Asked, understand
from .faults import Fault
from .kinds import Kind
from .selectors import fields, labels
from .views import listed, shown
from .watching import Bells, watch

if TYPE_CHECKING:
    from .double import KubeDouble


@dataclass(frozen=True, slots=True)
class Record:
    """One request as the double saw it. `user` is empty where nobody was recognised."""

    asked: Asked
    user: str
    code: int


class Api:
    """An ASGI application in front of a KubeDouble."""

    def __init__(self, double: "KubeDouble") -> None:
        self.double = double
        self.bells = Bells()
        self.audit: list[Record] = []
        self.hang_up: Callable[[tuple[str, int]], None] = lambda _: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asked = understand(request.method, request.url.path, request.query_params)
        fault = self.double.faults.take(asked)
        if fault is not None and fault.how != "status":
            self.audit.append(Record(asked, "", 0))
            await self._strike(fault, request, send)
            return
        user = ""
        try:
            if fault is not None:
                raise status.retry_later(fault.code, fault.retry_after_s, fault.message)
            user = self.double.access.who(request.headers.get("authorization", ""))
            self.double.access.check(user, asked)
            response = await self._answer(asked, user, await request.body())
        except status.Refused as refused:
            body, media = refused.content
            response = Response(body, refused.code, {"Content-Type": media, **refused.headers})
        self.audit.append(Record(asked, user, response.status_code))
        await response(scope, receive, send)

    async def _strike(self, fault: Fault, request: Request, send: Send) -> None:
        assert request.client is not None
        if fault.how == "cut":
            headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"kind":"PodList","items":[', "more_body": True})
        if fault.how != "silence":
            self.hang_up((request.client.host, request.client.port))
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async def _answer(self, asked: Asked, user: str, body: bytes) -> Response:
        kinds = self.double.kinds()
        if not asked.plural:
            found = discovery.answer(asked.path, kinds, self.double.version)
            return Response(found, media_type="text/plain") if isinstance(found, str) else _json(found)
        kind = _kind(asked, kinds)
        if asked.verb == "list":
            return _json(listed(kind, paging.a_list(self.double.store, kind, asked)))
        if asked.verb == "watch":
            labels(asked.query.get("labelSelector", ""))
            fields(asked.query.get("fieldSelector", ""), kind)
            stream = watch(self.double.store, self.bells, kind, asked)
            return StreamingResponse(stream, media_type="application/json")
        if asked.verb == "get" and not asked.subresource:
            return _json(shown(kind, self.double.one(kind, asked.namespace, asked.name)))
        raise status.method_not_allowed()


def _kind(asked: Asked, kinds: list[Kind]) -> Kind:
    group = [k for k in kinds if (k.group, k.version) == (asked.group, asked.version)]
    if not group:
        raise status.page_not_found()
    for kind in group:
        if kind.plural == asked.plural and (kind.namespaced or not asked.namespace or kind.plural == "namespaces"):
            return kind
    raise status.page_not_found() if group[0].custom else status.unknown_resource()


def _json(body: Any, code: int = 200) -> Response:
    return Response(json.dumps(body).encode() + b"\n", code, media_type="application/json")
