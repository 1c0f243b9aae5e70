"""Ways to ask a KubeDouble: bare HTTP, the official client, kubectl."""

import http.client
import json
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from kubernetes import client

from .kubernetes import ADMIN_TOKEN, READER_TOKEN, KubeDouble

KUBECTL = shutil.which("kubectl")
MERGE = "application/merge-patch+json"


def ask(
    kube: KubeDouble,
    path: str,
    token: str = ADMIN_TOKEN,
    method: str = "GET",
    body: dict[str, Any] | None = None,
    media: str = "application/json",
    **query: str | int,
) -> tuple[int, Any]:
    """Status and body of one request: parsed where it is JSON, text where it is not."""
    url = urlsplit(kube.endpoint)
    trust = ssl.create_default_context(cadata=kube.ca_pem)
    connection = http.client.HTTPSConnection(url.hostname or "", url.port, context=trust, timeout=20)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        target = f"{path}?{urlencode({k.removesuffix('_'): v for k, v in query.items()})}" if query else path
        connection.request(method, target, json.dumps(body) if body else None, headers | {"Content-Type": media})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.headers["Content-Type"] == "application/json" and "watch" not in query:
            return answer.status, json.loads(text)
        return answer.status, text
    finally:
        connection.close()


def watched(kube: KubeDouble, path: str, token: str = ADMIN_TOKEN, **query: str | int) -> list[tuple[str, dict[str, Any]]]:
    """The events of a watch that the server ends after `timeoutSeconds`."""
    status, text = ask(kube, path, token, watch="true", **{"timeoutSeconds": 1, **query})
    assert status == 200, text
    events = [json.loads(line) for line in text.splitlines()]
    return [(e["type"], e["object"]) for e in events]


def message(answer: tuple[int, Any]) -> tuple[int, str]:
    """Code and message of a refusal, after a look whether it is a well-formed Status."""
    code, body = answer
    assert (body["kind"], body["apiVersion"], body["status"], body["code"]) == ("Status", "v1", "Failure", code)
    return code, body["message"]


def api_client(kube: KubeDouble, token: str = READER_TOKEN, ca_pem: str = "", endpoint: str = "") -> client.ApiClient:
    """The official client, as a server under test would set it up. It retries nothing."""
    settings = client.Configuration()
    settings.host = endpoint or kube.endpoint
    settings.ca_cert_data = ca_pem or kube.ca_pem
    settings.api_key = {"authorization": f"Bearer {token}"}
    settings.retries = False
    return client.ApiClient(settings)


def kubectl(kube: KubeDouble, home: Path, *arguments: str, token: str = READER_TOKEN) -> subprocess.CompletedProcess[str]:
    """Run the real kubectl against the double. `home` keeps its kubeconfig and its discovery cache."""
    assert KUBECTL is not None
    config = kube.kubeconfig(home / "kubeconfig", token)
    fixed = [KUBECTL, "--kubeconfig", str(config), "--cache-dir", str(home / "cache")]
    home_only = {"HOME": str(home), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    return subprocess.run([*fixed, *arguments], capture_output=True, text=True, timeout=60, check=False, env=home_only)
