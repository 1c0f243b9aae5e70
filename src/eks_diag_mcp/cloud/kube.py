"""One cluster's Kubernetes API: reads, and the NodeDiagnostic object, which is the only thing it ever makes or removes."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import __version__
from ..errors import BadInput, DiagError, NotThere, Unavailable
from .access import Kubeconfig, from_eks, from_kubeconfig
from .aws import Aws
from .kinds import Kind, kinds
from .kube_faults import status_fault, transport_fault

DIAGNOSTIC = "NodeDiagnostic"
_API = re.compile(r"(?:[a-z0-9][a-z0-9.-]{0,252}/)?v[a-z0-9]{1,40}")
MAX_BODY_BYTES = 32 << 20
"""More than a page of 500 pods; an answer above it is refused rather than held in memory."""


class Kube:
    """A cluster. Safe to share between threads (urllib3 pools are). Times out after `read_timeout_s`."""

    def __init__(self, configuration: Any, *, connect_timeout_s: float = 3, read_timeout_s: float = 15) -> None:
        from kubernetes.client import ApiClient

        self._api = ApiClient(configuration)
        self._api.user_agent = f"eks-diag-mcp/{__version__}"
        self._timeout = (connect_timeout_s, read_timeout_s)
        self._discovered: dict[str, list[Kind]] = {}

    @classmethod
    def of_eks(cls, aws: Aws, cluster: str, region: str, now: Callable[[], float]) -> "Kube":
        """By eks:DescribeCluster and an IAM token."""
        return cls(
            from_eks(aws, cluster, region, now),
            connect_timeout_s=aws.config.connect_timeout_s,
            read_timeout_s=min(15, aws.config.read_timeout_s),
        )

    @classmethod
    def of_kubeconfig(cls, kubeconfig: Kubeconfig, cluster: str) -> "Kube":
        """By a kubeconfig file."""
        return cls(from_kubeconfig(kubeconfig, cluster))

    # ---- reading --------------------------------------------------------------------------------------------------------
    def kind(self, word: str, api_version: str | None = None) -> Kind:
        """The kind that a word means ("pods", "ds", "ENIConfig"), of `api_version` where one is given. Unknown kinds are
        asked of their API group. BadInput names what is known."""
        known = kinds().get(word.strip().lower())
        if known and api_version in (None, known.api):
            return known
        if api_version is None:
            listed = ", ".join(sorted({k.kind for k in kinds().values()}))
            raise BadInput(f"Unknown kind {word[:60]!r}.", f"Give apiVersion for a custom resource. Known: {listed}.")
        wanted = word.strip().lower()
        for kind in self._kinds_of(api_version):
            if wanted in (kind.kind.lower(), kind.plural, *kind.also):
                return kind
        usual = f"The apiVersion of {known.kind} is {known.api}." if known else "Check apiVersion and kind."
        raise NotThere(f"The API {api_version[:80]} has no kind {word[:60]!r}.", usual)

    def _kinds_of(self, api_version: str) -> list[Kind]:
        if not _API.fullmatch(api_version):
            raise BadInput(f"{api_version[:60]!r} is no apiVersion.", "Such as v1, apps/v1 or karpenter.sh/v1.")
        if api_version not in self._discovered:
            root = Kind(kind="", api=api_version, plural="", namespaced=False).root
            found = self._read(root, {}, f"look up {api_version}")
            self._discovered[api_version] = [
                Kind(
                    kind=str(r.get("kind")),
                    api=api_version,
                    plural=str(r.get("name")),
                    namespaced=bool(r.get("namespaced")),
                    also=tuple(str(s) for s in (*(r.get("shortNames") or ()), r.get("singularName") or "")),
                )
                for r in found.get("resources") or ()
                if "/" not in str(r.get("name"))
            ]
        return self._discovered[api_version]

    def page(
        self,
        kind: Kind,
        *,
        namespace: str | None = None,
        labels: str | None = None,
        fields: str | None = None,
        limit: int = 500,
        token: str | None = None,
    ) -> dict[str, Any]:
        """One page: {"items": [...], "metadata": {"continue", "remainingItemCount"}}."""
        query = {"labelSelector": labels, "fieldSelector": fields, "limit": str(limit), "continue": token}
        return self._read(kind.path(_place(namespace)), query, f"list {kind.plural}")

    def all(self, kind: Kind, *, most: int = 20_000, **narrow: str | None) -> Iterator[dict[str, Any]]:
        """All objects, page by page, at most `most`. `narrow`: namespace, labels, fields."""
        token, seen = None, 0
        while seen < most:
            page = self.page(kind, token=token, **narrow)  # type: ignore[arg-type]
            items = page.get("items") or []
            seen += len(items)
            yield from items
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> dict[str, Any]:
        """One object. NotThere where there is none."""
        return self._read(kind.path(_place(namespace), _segment(name)), {}, f"get {kind.plural}")

    def version(self) -> str:
        """The API server's version, such as v1.33.4-eks-1234567."""
        return str(self._read("/version", {}, "get the version").get("gitVersion", ""))

    def log(
        self,
        namespace: str,
        pod: str,
        *,
        container: str | None = None,
        previous: bool = False,
        tail: int | None = None,
        since_s: int | None = None,
        limit_bytes: int = 1 << 20,
    ) -> str:
        """A container's log, at most `limit_bytes` of it."""
        path = kinds()["pod"].path(_segment(namespace), _segment(pod)) + "/log"
        query = {
            "container": container,
            "previous": "true" if previous else None,
            "tailLines": str(tail) if tail is not None else None,
            "sinceSeconds": str(since_s) if since_s else None,
            "timestamps": "true",
            "limitBytes": str(limit_bytes),
        }
        return self._ask("GET", path, query, "get pods/log").decode("utf-8", "replace")

    # ---- the one thing it asks for --------------------------------------------------------------------------------------
    def ask_diagnostic(self, node: str, destination: str) -> dict[str, Any]:
        """Make the NodeDiagnostic that tells the node's agent to upload its logs to `destination` (a presigned URL)."""
        kind = kinds()[DIAGNOSTIC.lower()]
        body = {
            "apiVersion": kind.api,
            "kind": DIAGNOSTIC,
            "metadata": {"name": node, "labels": {"app.kubernetes.io/managed-by": "eks-diag-mcp"}},
            "spec": {"logCapture": {"destination": destination, "categories": ["All"]}},
        }
        return self._object(self._ask("POST", kind.path(), {}, "create nodediagnostics", body))

    def drop_diagnostic(self, node: str) -> None:
        """Remove it again; nothing where it is gone already."""
        try:
            self._ask("DELETE", kinds()[DIAGNOSTIC.lower()].path(None, _segment(node)), {}, "delete nodediagnostics")
        except NotThere:
            return

    # ---- the wire -------------------------------------------------------------------------------------------------------
    def _read(self, path: str, query: Mapping[str, str | None], asked: str) -> dict[str, Any]:
        return self._object(self._ask("GET", path, query, asked))

    @staticmethod
    def _object(body: bytes) -> dict[str, Any]:
        try:
            found = json.loads(body)
        except ValueError as error:
            raise Unavailable(
                "The API server's answer cannot be read.", "Check for a proxy between here and the cluster."
            ) from error
        if not isinstance(found, dict):
            raise Unavailable("The API server's answer is no object.", "Check for a proxy between here and the cluster.")
        return found

    def _ask(self, method: str, path: str, query: Mapping[str, str | None], asked: str, body: object = None) -> bytes:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "application/json, text/plain"} | ({"Content-Type": "application/json"} if body else {})
        request = self._api.param_serialize(
            method,
            path,
            query_params=[(k, v) for k, v in query.items() if v],
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = self._api.call_api(*request, _request_timeout=self._timeout)
            data: bytes = answer.response.read(MAX_BODY_BYTES + 1)
            answer.response.release_conn()
        except ApiException as error:
            raise _refused(error, asked) from error
        except (HTTPError, OSError) as error:
            raise transport_fault(error, asked) from error
        if not 200 <= answer.status <= 299:
            raise status_fault(answer.status, data, asked)
        if len(data) > MAX_BODY_BYTES:
            raise BadInput(f"The answer to {asked} is too large.", "Narrow it by namespace, selector or limit.")
        return data


def _refused(error: Any, asked: str) -> DiagError:
    """ApiException: an answer, or with status 0 a broken connection."""
    if not error.status:
        return transport_fault(error, asked)
    body = error.body if isinstance(error.body, bytes) else str(error.body or "").encode()
    return status_fault(int(error.status), body, asked)


def _place(namespace: str | None) -> str | None:
    return _segment(namespace) if namespace else None


def _segment(name: str) -> str:
    """A name as one part of a path. BadInput for what no object can be called."""
    if not name or len(name) > 253 or any(c in name for c in "/%?#\\ ") or name in (".", ".."):
        raise BadInput(f"{name[:60]!r} cannot be the name of an object.", "Use the name as list_k8s_resources gives it.")
    return name
