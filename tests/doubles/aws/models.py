"""botocore's service models: which operation a request means, and which errors, members and answers it may have."""

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel

BY_SIGNING_NAME = {"monitoring": "cloudwatch", "elasticloadbalancing": "elbv2"}
"""Where the credential scope names a service otherwise than botocore does."""


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def service_model(service: str) -> ServiceModel:
    return _session().get_service_model(service)


@cache
def known_services() -> frozenset[str]:
    return frozenset(_session().get_available_services())


@cache
def by_target_prefix() -> dict[str, str]:
    """X-Amz-Target prefix -> service, for the JSON services that a node diagnosis may touch."""
    found = {}
    for service in ("ssm", "logs", "kms", "cloudwatch", "secretsmanager"):
        prefix = service_model(service).metadata.get("targetPrefix")
        if prefix:
            found[prefix] = service
    return found


def partition_of(region: str) -> str:
    """'aws', 'aws-cn', 'aws-us-gov', ... by botocore's own table."""
    return _session().get_partition_for_region(region)


@dataclass(frozen=True, slots=True)
class Route:
    """One REST operation: its method, path and the query words that must be there."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: tuple[tuple[str, str], ...]
    required: tuple[str, ...]
    weight: tuple[int, int, int]


@cache
def _routes(service: str) -> tuple[Route, ...]:
    """All REST operations, the most particular first: literal query words, then required ones, then literal path parts."""
    model = service_model(service)
    routes = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        literal = tuple(parse_qsl(query, keep_blank_values=True))
        required = _required(operation)
        parts = [p for p in path.split("/") if p]
        weight = (-len(literal), -len(required), -sum("{" not in p for p in parts))
        routes.append(Route(name, operation.http["method"], _path_pattern(path), literal, required, weight))
    return tuple(sorted(routes, key=lambda r: r.weight))


def _required(operation: OperationModel) -> tuple[str, ...]:
    """`query:x` and `header:x` words that tell apart operations of one path, such as UploadPart (partNumber) and CopyObject."""
    shape = operation.input_shape
    if shape is None:
        return ()
    words = []
    for name in shape.required_members:
        where = shape.members[name].serialization
        if where.get("location") == "querystring":
            words.append(f"query:{where['name']}")
        if where.get("location") == "header":
            words.append(f"header:{where['name'].lower()}")
    return tuple(sorted(words))


def _path_pattern(path: str) -> re.Pattern[str]:
    pattern = ""
    for literal, label in re.findall(r"([^{]*)(?:\{([^}]+)\})?", path):
        pattern += re.escape(literal)
        if label:
            pattern += f"(?P<{label.rstrip('+').replace('-', '_')}>{'.+' if label.endswith('+') else '[^/]+'})"
    return re.compile(pattern.rstrip("/") + "/?" if path != "/" else "/?")


def rest_operation(
    service: str, method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> tuple[str, dict[str, str]] | None:
    """(operation, decoded labels of its path) for a REST request, or None. `path` is still percent-encoded."""
    given = dict(query)
    for route in _routes(service):
        found = route.path.fullmatch(path)
        if found is None or route.method != method:
            continue
        if all(given.get(k) == v if v else k in given for k, v in route.query) and all(
            (where == "query" and name in given) or (where == "header" and name in headers)
            for where, _, name in (word.partition(":") for word in route.required)
        ):
            return route.operation, {k: unquote(v) for k, v in found.groupdict().items()}
    return None
