"""The web application: who asks, may they, and then the answer. One way in for every request."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from . import discovery, node_agent, paging, pod_logs, reviews, status, writes
from .access import LOOK, SELF_REVIEWS, forbidden
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
        self.hang_up: Callable[[tuple[str, int], bool], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asked = understand(request.method, request.url.path, request.query_params)
        fault = self.double.faults.take(asked)
        if fault is not None and fault.how == "forget":
            self.double.compact()
            fault = None
        if fault is not None and fault.how != "status":
            self.audit.append(Record(asked, "", 0))
            await self._strike(fault, request, send)
            return
        user = ""
        try:
            if fault is not None and fault.code != 403:
                raise status.retry_later(fault.code, fault.retry_after_s, fault.message)
            user = self.double.access.who(request.headers.get("authorization", ""))
            if fault is not None:
                raise forbidden(user, asked)
            self.double.access.check(user, asked)
            response = await self._answer(asked, user, request)
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
            self.hang_up((request.client.host, request.client.port), fault.how == "reset")
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async def _answer(self, asked: Asked, user: str, request: Request) -> Response:
        kinds, body, media = self.double.kinds(), await request.body(), request.headers.get("content-type", "")
        if not asked.plural:
            found = discovery.answer(asked.path, kinds, self.double.version)
            return Response(found, media_type="text/plain") if isinstance(found, str) else _json(found)
        if asked.verb == "create" and asked.plural in SELF_REVIEWS:
            return _json(reviews.answer(self.double.access, user, asked, body, media), 201)
        kind = _kind(asked, kinds)
        if asked.subresource and asked.verb != "patch":
            return self._subresource(kind, asked)
        if kind.storage == node_agent.STORAGE and asked.verb in LOOK:
            steps = 99 if asked.verb == "watch" else 1
            await run_in_threadpool(self.double.agents.look, asked.name, steps)
        return self._object(kind, asked, body, media)

    def _object(self, kind: Kind, asked: Asked, body: bytes, media: str) -> Response:
        store = self.double.store
        match asked.verb:
            case "list":
                return _json(listed(kind, paging.a_list(store, kind, asked)))
            case "watch":
                labels(asked.query.get("labelSelector", ""))
                fields(asked.query.get("fieldSelector", ""), kind)
                return StreamingResponse(watch(store, self.bells, kind, asked), media_type="application/json")
            case "get":
                return _json(shown(kind, self.double.one(kind, asked.namespace, asked.name)))
            case "create" if not asked.name:
                return _json(shown(kind, writes.create(store, kind, asked, body)), 201)
            case "delete":
                return _json(writes.delete(store, kind, asked, body))
            case "patch" if asked.name:
                return _json(shown(kind, writes.patch(store, kind, asked, body, media)))
        raise status.method_not_allowed()

    def _subresource(self, kind: Kind, asked: Asked) -> Response:
        if asked.verb != "get":
            raise status.method_not_allowed()
        if asked.subresource not in kind.subresources:
            raise status.unknown_resource()
        obj = self.double.one(kind, asked.namespace, asked.name)
        if asked.subresource == "log":
            logs = self.double.logs.get((asked.namespace, asked.name), {})
            kubelet = self.double.kubelet(obj["spec"].get("nodeName", ""))
            return Response(pod_logs.read(obj, logs, asked, self.double.now(), kubelet), media_type="text/plain")
        if asked.subresource == "proxy":
            saved = self.double.agents.saved.get(asked.name)
            if saved is None or asked.rest != f"logs/support/{asked.name}-logs.tar.gz":
                raise status.page_not_found()
            return Response(saved, media_type="application/x-gzip")
        return _json(shown(kind, obj))


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
