"""The Kubernetes double: a cluster that is described in Python and answers over TLS as a kube-apiserver of EKS does."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import yaml

from . import access
from .access import Access, Rule
from .api import Api
from .asked import Asked
from .faults import Fault, Faults
from .serving import TlsServer
from .tokens import Issuer
from .world import World

CLUSTER, REGION = "demo", "us-west-2"
ACCESS_KEY = SECRET_KEY = "testing"
ARN = "arn:aws:sts::123456789012:assumed-role/eks-diag-mcp/session"
READER_TOKEN, ADMIN_TOKEN = "reader-token", "admin-token"


class Call(NamedTuple):
    """One request: the Kubernetes verb, the path without its query, and the user it was made as ("" if nobody's)."""

    verb: str
    path: str
    user: str


class KubeDouble(World):
    """A cluster and its API server."""

    def __init__(self, cluster: str = CLUSTER, region: str = REGION, version: str = "v1.33.4-eks-e386d34") -> None:
        super().__init__(cluster, region, version)
        self.faults = Faults()
        self._api = Api(self)
        self._server = TlsServer(self._api)
        self._api.hang_up = self._server.hang_up
        self.store.listeners.append(lambda: self._server.call(self._api.bells.ring))
        self.endpoint = f"https://127.0.0.1:{self._server.port}"
        self.ca_pem = self._server.ca.cert_pem.bytes().decode()
        self.ca_data = base64.b64encode(self.ca_pem.encode()).decode()
        self.wrong_ca_pem = self._server.stranger.cert_pem.bytes().decode()
        self.reset()

    # ---- life -------------------------------------------------------------------------------------------------------
    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.call(self._api.bells.end_all)
        self._server.stop()

    def reset(self) -> None:
        """As new: the default users and objects, no faults, an empty audit log. The port and the CA stay."""
        self._server.call(self._api.bells.end_all)
        self.faults.clear()
        self._api.audit.clear()
        self.begin()
        self.access = Access(Issuer(self.cluster, self.region), self.now)
        self.access.principal(ACCESS_KEY, SECRET_KEY, ARN)
        self.access.user(ARN, access.READER, arn=ARN)
        self.access.user("reader", access.READER, token=READER_TOKEN)
        self.access.user("admin", access.ADMIN, token=ADMIN_TOKEN)

    # ---- users and faults -------------------------------------------------------------------------------------------
    def user(self, name: str, *rules: Rule, token: str | None = None, arn: str | None = None) -> None:
        """A user with these rules, known by a static token, by the ARN of its access entry, or both."""
        self.access.user(name, rules, token=token, arn=arn)

    def fail(
        self, verb: str, resource: str, code: int, times: int = 1, *, retry_after_s: int | None = None, message: str = ""
    ) -> None:
        """The next `times` such requests are answered with that status. `*` is any verb or resource.

        403 is worded as RBAC words it, for the user who asks.
        """
        self.faults.add(Fault(verb, resource, "status", times, code, retry_after_s, message))

    def reset_connection(self, verb: str, resource: str, times: int = 1) -> None:
        """The next such requests end in a TCP reset."""
        self.faults.add(Fault(verb, resource, "reset", times))

    def cut_body(self, verb: str, resource: str, times: int = 1) -> None:
        """The next such answers end in the middle of their body."""
        self.faults.add(Fault(verb, resource, "cut", times))

    def expire_pages(self, resource: str, times: int = 1) -> None:
        """The next such requests for a further page find the snapshot of their first page gone: 410."""
        self.faults.add(Fault("list", resource, "forget", times))

    def keep_silent(self, verb: str, resource: str, times: int = 1) -> None:
        """The next such requests get no answer at all, until the client hangs up."""
        self.faults.add(Fault(verb, resource, "silence", times))

    # ---- how to reach it --------------------------------------------------------------------------------------------
    def kubeconfig(self, path: Path, token: str = READER_TOKEN, *, ca_pem: str = "", endpoint: str = "") -> Path:
        """Write a kubeconfig for this cluster: for kubectl, and for servers that are given one."""
        ca = base64.b64encode((ca_pem or self.ca_pem).encode()).decode()
        cluster = {"server": endpoint or self.endpoint, "certificate-authority-data": ca}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": self.cluster,
            "clusters": [{"name": self.cluster, "cluster": cluster}],
            "users": [{"name": "user", "user": {"token": token}}],
            "contexts": [{"name": self.cluster, "context": {"cluster": self.cluster, "user": "user"}}],
        }
        return _private(path, config)

    def exec_kubeconfig(self, path: Path, aws: Path, environment: Mapping[str, str]) -> Path:
        """As `aws eks update-kubeconfig` writes it: `aws` (the program) is run for a token, with this environment."""
        self.kubeconfig(path)
        config = yaml.safe_load(path.read_text())
        arguments = ["--region", self.region, "eks", "get-token", "--cluster-name", self.cluster, "--output", "json"]
        variables = [{"name": name, "value": value} for name, value in environment.items()]
        plugin = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": str(aws), "args": arguments, "env": variables}
        config["users"] = [{"name": "user", "user": {"exec": plugin | {"interactiveMode": "Never"}}}]
        return _private(path, config)

    # ---- what was asked ---------------------------------------------------------------------------------------------
    @property
    def calls(self) -> list[Call]:
        return [Call(r.asked.verb, r.asked.path, r.user) for r in self._api.audit]

    @property
    def requests(self) -> list[Asked]:
        """The same requests with their parts and queries."""
        return [r.asked for r in self._api.audit]

    def asked(self, verb: str, resource: str) -> list[Asked]:
        """The requests of that verb for that resource (`pods`, `pods/log`)."""
        return [a for a in self.requests if (a.verb, a.resource) == (verb, resource)]

    def writes(self) -> list[Call]:
        """What was asked that is neither reading, nor a NodeDiagnostic's life, nor a question about oneself.

        A server that is read-only by construction leaves this empty; refused requests count too.
        """
        return [
            Call(a.verb, a.path, r.user)
            for r in self._api.audit
            for a in (r.asked,)
            if not (
                (a.verb in access.LOOK and a.resource != "nodes/proxy")
                or (a.resource == "nodediagnostics" and a.verb in ("create", "delete"))
                or (a.verb == "create" and a.plural in access.SELF_REVIEWS)
            )
        ]


def _private(path: Path, config: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return path
