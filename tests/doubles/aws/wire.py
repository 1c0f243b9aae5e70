"""From an HTTP request to a call (service, operation, region, parameters), and from an answer back to bytes."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from . import models
from .errors import EC2, EKS, JSON, QUERY, S3, AwsError, protocol

HOST_OF_BUCKET = re.compile(r"(?P<bucket>[a-z0-9][a-z0-9.-]+?)\.(?:s3[.-].*|localhost|localhost\.localdomain)(?::\d+)?")
REST_TYPES = {"integer": int, "long": int, "boolean": lambda v: v == "true", "float": float, "double": float}


@dataclass(frozen=True, slots=True)
class Request:
    """HTTP as it came. `path` and `query` are still percent-encoded, header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def words(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP as it goes: the body whole, or in pieces as moto gives them."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""

    def whole(self) -> "Answer":
        """The same with its body read."""
        return self if isinstance(self.body, bytes) else Answer(self.status, self.headers, b"".join(self.body))


class Call(NamedTuple):
    """One line of the audit log. `params` is spelled as a boto3 caller spells it; bodies of objects are left out.

    `actor` is the access key id, so that a fake node's calls can be told from the server's.
    """

    service: str
    operation: str
    params: dict[str, Any]
    region: str
    actor: str

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


class Scope(NamedTuple):
    """The credential scope of a signed request, or of a presigned one."""

    actor: str
    region: str
    service: str


def scope(request: Request) -> Scope:
    """Who signed for which region and service. Unsigned: an anonymous S3 request, as moto takes it."""
    found = re.search(r"Credential=([^,\s]+)", request.headers.get("authorization", ""))
    credential = found.group(1) if found else dict(request.words).get("X-Amz-Credential", "")
    parts = credential.rsplit("/", 4)
    if len(parts) != 5:
        return Scope("", "us-east-1", "s3")
    return Scope(parts[0], parts[2], models.BY_SIGNING_NAME.get(parts[3], parts[3]))


def path_style(request: Request) -> Request:
    """The request with a bucket in the host name moved into the path: both ways of addressing S3 are the same here."""
    found = HOST_OF_BUCKET.fullmatch(request.headers.get("host", ""))
    if found is None or scope(request).service != "s3":
        return request
    return Request(request.method, f"/{found['bucket']}{request.path}", request.query, request.headers, request.body)


def read(request: Request) -> Call:
    """What is asked for. Raises AwsError when no model knows it."""
    actor, region, service = scope(request)
    target = request.headers.get("x-amz-target", "")
    if target:
        prefix, _, operation = target.partition(".")
        service = models.by_target_prefix().get(prefix, service)
        return Call(service, _known(service, operation), json.loads(request.body or b"{}"), region, actor)
    if service not in models.known_services():
        raise AwsError("UnknownOperationException", f"no service {service}", 404)
    if protocol(service) in (EKS, S3):
        found = models.rest_operation(service, request.method, request.path, request.words, dict(request.headers))
        if found is None:
            raise AwsError("UnknownOperationException", f"{service} has no {request.method} {request.path}", 404)
        operation, labels = found
        return Call(
            service, operation, _rest(request, models.service_model(service).operation_model(operation), labels), region, actor
        )
    flat = dict(parse_qsl(request.body.decode(), keep_blank_values=True)) or dict(request.words)
    operation = models.service_model(service).operation_model(_known(service, flat.get("Action", "")))
    params = _unflatten(flat, operation.input_shape, "", protocol(service)) if operation.input_shape else {}
    return Call(service, operation.name, params or {}, region, actor)


def _known(service: str, operation: str) -> str:
    if operation not in models.service_model(service).operation_names:
        raise AwsError("UnknownOperationException", f"{service} has no operation {operation}", 404)
    return operation


# ---- requests -----------------------------------------------------------------------------------------------------
def _rest(request: Request, operation: OperationModel, labels: dict[str, str]) -> dict[str, Any]:
    """Members from path, query, headers and (JSON only) the body."""
    shape, params = operation.input_shape, {}
    if shape is None:
        return params
    if request.body and protocol(operation.service_model.service_name) == EKS:
        params.update(json.loads(request.body))
    for name, member in shape.members.items():
        place, key = member.serialization.get("location"), member.serialization.get("name", name)
        if place == "uri" and key.replace("-", "_") in labels:
            params[name] = labels[key.replace("-", "_")]
        elif place == "querystring" and isinstance(member, ListShape):
            params.update({name: given} if (given := [v for k, v in request.words if k == key]) else {})
        elif place == "querystring" and key in dict(request.words):
            params[name] = _typed(dict(request.words)[key], member)
        elif place == "header" and key.lower() in request.headers:
            params[name] = _typed(request.headers[key.lower()], member)
    return params


def _typed(text: str, shape: Shape) -> Any:
    try:
        return REST_TYPES[shape.type_name](text) if shape.type_name in REST_TYPES else text
    except ValueError:
        return text


def _unflatten(flat: dict[str, str], shape: Shape, prefix: str, kind: str) -> Any:
    """`Filter.1.Value.2=x` back into lists and structures, by the model. None when nothing stands under the prefix."""
    if isinstance(shape, StructureShape):
        found = {}
        for name, member in shape.members.items():
            one = _unflatten(flat, member, f"{prefix}.{_query_name(name, member, kind)}".lstrip("."), kind)
            if one is not None:
                found[name] = one
        return found or None
    if isinstance(shape, ListShape | MapShape):
        if kind == QUERY and not shape.serialization.get("flattened"):
            prefix += f".{'entry' if isinstance(shape, MapShape) else shape.member.serialization.get('name', 'member')}"
        numbers = sorted({int(m[1]) for k in flat if (m := re.match(rf"{re.escape(prefix)}\.(\d+)(?:\.|$)", k))})
        if isinstance(shape, MapShape):
            return {flat.get(f"{prefix}.{n}.key", ""): flat.get(f"{prefix}.{n}.value", "") for n in numbers} or None
        return [_unflatten(flat, shape.member, f"{prefix}.{n}", kind) for n in numbers] or None
    return _typed(flat[prefix], shape) if prefix in flat else None


def _query_name(name: str, member: Shape, kind: str) -> str:
    given = member.serialization
    if kind != EC2:
        return str(given.get("name", name))
    if "queryName" in given:
        return str(given["queryName"])
    own = str(given.get("name", name))
    return own[:1].upper() + own[1:]


# ---- answers ------------------------------------------------------------------------------------------------------
def write(call: Call, answer: dict[str, Any]) -> Answer:
    """A handler's answer in the service's protocol (JSON, or EC2's XML)."""
    operation = models.service_model(call.service).operation_model(call.operation)
    kind, request_id = protocol(call.service), str(uuid4())
    if kind in (JSON, EKS):
        body = json.dumps(answer, default=_plain).encode() if answer or kind == JSON else b"{}"
        content = "application/x-amz-json-1.1" if kind == JSON else "application/json"
        return Answer(200, {"content-type": content, "x-amzn-requestid": request_id}, body)
    assert kind == EC2 and operation.output_shape is not None
    inner = "".join(_xml(answer, operation.output_shape))
    space = f"http://ec2.amazonaws.com/doc/{models.service_model('ec2').api_version}/"
    text = f'<{call.operation}Response xmlns="{space}"><requestId>{request_id}</requestId>{inner}</{call.operation}Response>'
    return Answer(200, {"content-type": "text/xml;charset=UTF-8"}, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"not an answer's value: {value!r}")


def _xml(value: Any, shape: Shape) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, one in value.items():
            if one is not None and name in shape.members:
                tag = shape.members[name].serialization.get("name", name)
                yield f"<{tag}>{''.join(_xml(one, shape.members[name]))}</{tag}>"
    elif isinstance(shape, ListShape):
        for one in value:
            yield f"<item>{''.join(_xml(one, shape.member))}</item>"
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, datetime):
        yield value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    else:
        yield escape(str(value))
