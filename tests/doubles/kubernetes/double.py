"""The Kubernetes double: a cluster that is described in Python and answers over TLS as a kube-apiserver of EKS does."""

import base64
from datetime import UTC, datetime
from typing import NamedTuple, Self

from . import access, kinds, status
from .access import Access, Rule
from .api import Api
from .asked import Asked
from .faults import Fault, Faults
from .kinds import Kind
from .serving import TlsServer
from .store import Key, Object, Store
from .tokens import Issuer

CLUSTER, REGION = "demo", "us-west-2"
ACCESS_KEY = SECRET_KEY = "testing"
ARN = "arn:aws:sts::123456789012:assumed-role/eks-diag-mcp/session"
READER_TOKEN, ADMIN_TOKEN = "reader-token", "admin-token"


class Call(NamedTuple):
    """One request: the Kubernetes verb, the path without its query, and the user it was made as ("" if nobody's)."""

    verb: str
    path: str
    user: str


class KubeDouble:
    """A cluster and its API server."""

    def __init__(self, cluster: str = CLUSTER, region: str = REGION, version: str = "v1.33.4-eks-e386d34") -> None:
        self.cluster, self.region, self.version = cluster, region, version
        self.clock = lambda: datetime.now(UTC)
        self.store = Store(self.now)
        self.faults = Faults()
        self._api = Api(self)
        self._server = TlsServer(self._api)
        self._api.hang_up = self._server.reset
        self.store.listeners.append(lambda: self._server.call(self._api.bells.ring))
        self.endpoint = f"https://127.0.0.1:{self._server.port}"
        self.ca_pem = self._server.ca.cert_pem.bytes().decode()
        self.ca_data = base64.b64encode(self.ca_pem.encode()).decode()
        self.wrong_ca_pem = self._server.stranger.cert_pem.bytes().decode()
        self.reset()

    def now(self) -> datetime:
        """What time it is for the double: `clock` may be set by a test."""
        return self.clock()

    # ---- life -------------------------------------------------------------------------------------------------------
    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.call(self._api.bells.end_all)
        self._server.stop()

    def reset(self) -> None:
        """As new: the default users and objects, no faults, an empty audit log. The port and the CA stay."""
        self.clock = lambda: datetime.now(UTC)
        self._server.call(self._api.bells.end_all)
        self.faults.clear()
        self._api.audit.clear()
        self.store.clear()
        self.access = Access(Issuer(self.cluster, self.region), self.now)
        self.access.principal(ACCESS_KEY, SECRET_KEY, ARN)
        self.access.user(ARN, access.READER, arn=ARN)
        self.access.user("reader", access.READER, token=READER_TOKEN)
        self.access.user("admin", access.ADMIN, token=ADMIN_TOKEN)

    # ---- objects ----------------------------------------------------------------------------------------------------
    def kinds(self) -> list[Kind]:
        """All kinds that are served now, built-in ones first."""
        crds = self.store.all("customresourcedefinitions.apiextensions.k8s.io")
        return [*kinds.builtin(), *kinds.of_crds(crds)]

    def kind_of(self, obj: Object) -> Kind:
        """The kind of an object with apiVersion and kind."""
        return next(k for k in self.kinds() if (k.api_version, k.kind) == (obj["apiVersion"], obj["kind"]))

    def key_of(self, obj: Object) -> Key:
        kind = self.kind_of(obj)
        namespace = obj["metadata"].get("namespace", "default") if kind.namespaced else ""
        return Key(kind.storage, namespace, obj["metadata"]["name"])

    def add(self, obj: Object) -> Object:
        """Put any object there, or replace it. It needs apiVersion, kind and metadata.name."""
        key = self.key_of(obj)
        named = {"namespace": key.namespace} if key.namespace else {}
        return self.store.put(key, obj | {"metadata": obj["metadata"] | named})

    def one(self, kind: Kind, namespace: str, name: str) -> Object:
        """That object; raises the server's 404."""
        obj = self.store.get(Key(kind.storage, namespace if kind.namespaced else "", name))
        if obj is None:
            raise status.not_found(kind.group, kind.plural, name)
        return obj

    # ---- users and faults -------------------------------------------------------------------------------------------
    def user(self, name: str, *rules: Rule, token: str | None = None, arn: str | None = None) -> None:
        """A user with these rules, known by a static token, by the ARN of its access entry, or both."""
        self.access.user(name, rules, token=token, arn=arn)

    def fail(
        self, verb: str, resource: str, code: int, times: int = 1, *, retry_after_s: int | None = None, message: str = ""
    ) -> None:
        """The next `times` such requests are answered with that status. `*` is any verb or resource."""
        self.faults.add(Fault(verb, resource, "status", times, code, retry_after_s, message))

    def reset_connection(self, verb: str, resource: str, times: int = 1) -> None:
        """The next such requests end in a TCP reset."""
        self.faults.add(Fault(verb, resource, "reset", times))

    def cut_body(self, verb: str, resource: str, times: int = 1) -> None:
        """The next such answers end in a TCP reset in the middle of their body."""
        self.faults.add(Fault(verb, resource, "cut", times))

    def keep_silent(self, verb: str, resource: str, times: int = 1) -> None:
        """The next such requests get no answer at all, until the client hangs up."""
        self.faults.add(Fault(verb, resource, "silence", times))

    # ---- what was asked ---------------------------------------------------------------------------------------------
    @property
    def calls(self) -> list[Call]:
        return [Call(r.asked.verb, r.asked.path, r.user) for r in self._api.audit]

    @property
    def requests(self) -> list[Asked]:
        """The same requests with their parts and queries."""
        return [r.asked for r in self._api.audit]
