"""What a Kubernetes API server's refusals mean: Status objects and broken connections become errors.py.

Texts follow the golden answers of a real kube-apiserver (test-environment.md 2.2); newer servers put words in front, so
only the stable tail is matched."""

import json
import re
from typing import Any

from ..errors import BadInput, Denied, DiagError, NoCredentials, NotThere, Throttled, Unavailable, Unreachable
from ..quoting import one_line

_CANNOT = re.compile(
    r'cannot (?P<verb>\w+) resource "(?P<resource>[\w/.-]+)" in API group "(?P<group>[\w.-]*)"'
    r'(?: in the namespace "(?P<namespace>[\w.-]+)")?'
)
_SELECTOR = re.compile(
    r"(field label not supported: [\w./-]+|unable to parse requirement: .*|invalid selector: .*|found '.*', expected: .*)$"
)


def status_fault(status: int, body: bytes, asked: str) -> DiagError:
    """An answer of the API server that says no. `asked` is our own word for the request ("list pods")."""
    document = _status(body)
    message, reason = str(document.get("message") or ""), str(document.get("reason") or "")
    if status == 401:
        return NoCredentials(
            "The cluster does not accept the server's identity (401).",
            "Give its IAM role an access entry in the cluster (deploy/ has one that only reads), and check this machine's clock.",
        )
    if status == 403:
        return _forbidden(message, asked)
    if status == 404:
        return NotThere(f"{asked}: the cluster has no such thing.", "Check name, namespace and kind.")
    if status == 410:
        return BadInput("That page is too old: the list has changed since.", "Call again without pageToken.")
    if status == 429:
        return Throttled(
            "The API server refuses more requests for now (429).", "Wait half a minute, then make the same call again."
        )
    if status in (400, 422):
        detail = _SELECTOR.search(message)
        what = f": {one_line(detail[1], 160)}" if detail else f" ({one_line(reason or 'BadRequest', 40)})"
        return BadInput(f"The API server refuses to {asked}{what}.", "Check selectors, names and pageToken.")
    if status == 409:
        return Unavailable(f"{asked}: the cluster already has one of that name.", "Wait until it is gone.")
    return Unavailable(f"The API server failed to answer ({status}).", "Call again in a minute.")


def _forbidden(message: str, asked: str) -> Denied:
    found = _CANNOT.search(message)
    if not found:
        action = asked
    else:
        group = f".{found['group']}" if found["group"] else ""
        place = f" in namespace {found['namespace']}" if found["namespace"] else ""
        action = f"{found['verb']} {found['resource']}{group}{place}"
    return Denied(
        f"The cluster does not let this server {action}.",
        f"Bind its user to a role that may {action} (deploy/ has a ClusterRole that only reads).",
        action=action,
    )


def _status(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, UnicodeDecodeError):
        return {}
    return document if isinstance(document, dict) else {}


def transport_fault(error: Exception, asked: str) -> DiagError:
    """No answer at all. A private endpoint shows as a time-out."""
    name = type(error).__name__
    text = f"{name} {error}"
    if "certificate verify failed" in text or "CERTIFICATE_VERIFY_FAILED" in text or "SSL" in name:
        return Unreachable(
            "The cluster's certificate does not fit the authority that EKS names.",
            "Check for a proxy that opens TLS between here and the cluster.",
        )
    return Unreachable(
        f"The cluster's API server does not answer ({name}).",
        "Its endpoint may be private: run this server where the VPC is reachable, or check the endpoint's public access list.",
    )
