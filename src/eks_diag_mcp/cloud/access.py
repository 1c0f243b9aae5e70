"""How a cluster is reached: endpoint, authority and identity, from EKS or from a kubeconfig file."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import NotThere, Unavailable
from .aws import Aws
from .eks_cluster import describe_cluster
from .eks_token import TOKEN_LIFE_S, eks_token
from .loading import load_kubernetes

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """The alternative to EKS access: a kubeconfig file, and the context of each cluster (default: of the same name,
    else the current one)."""

    path: Path
    context: str | None = None


def from_eks(aws: Aws, cluster: str, region: str, now: Callable[[], float]) -> Any:
    """A kubernetes Configuration by eks:DescribeCluster. The token is renewed before it runs out."""
    load_kubernetes()
    from kubernetes.client import Configuration

    found = describe_cluster(aws, cluster, region)
    endpoint, authority = str(found.get("endpoint") or ""), str((found.get("certificateAuthority") or {}).get("data") or "")
    if not endpoint or not authority:
        raise Unavailable(
            f"The cluster {cluster!r} has no API endpoint yet (state {found.get('status')}).", "Wait until it is ACTIVE."
        )
    _refuse_foreign(aws, endpoint, region)
    config: Any = Configuration(host=endpoint.rstrip("/"))
    config.verify_ssl = True
    config.ca_cert_data = _authority(authority)
    config.retries = _once()
    config.proxy = _proxy(endpoint)
    signed = {"at": float("-inf")}

    def renew(held: Any) -> None:
        if now() - signed["at"] >= TOKEN_LIFE_S:
            held.api_key["authorization"] = "Bearer " + eks_token(aws, cluster, region)
            signed["at"] = now()

    config.refresh_api_key_hook = renew
    renew(config)  # the client asks the hook only where it already holds some token
    return config


def _once() -> Any:
    """One more try where no connection came about; a redirect is never followed, since the token goes to one host only."""
    from urllib3 import Retry

    return Retry(total=1, read=0, status=0, redirect=0, raise_on_redirect=False, respect_retry_after_header=False)


def _refuse_foreign(aws: Aws, endpoint: str, region: str) -> None:
    """The token goes to EKS's own hosts only. Where the EKS API itself is answered on this machine (AWS_ENDPOINT_URL_EKS),
    its clusters may be on this machine, too."""
    parts = urlsplit(endpoint)
    host = (parts.hostname or "").lower()
    ours = urlsplit(str(aws.client("eks", region).meta.endpoint_url)).hostname in _LOOPBACK and host in _LOOPBACK
    eks = any(host.endswith(f".eks.{suffix}") for suffix in (aws.dns_suffix(region), "amazonaws.com", "amazonaws.com.cn"))
    if parts.scheme != "https" or not (ours or eks):
        raise Unavailable("The cluster's endpoint is not one of EKS's hosts; no token is sent there.", "Use a kubeconfig for it.")


def _authority(data: str) -> str:
    """The cluster's CA as PEM; it stays in memory."""
    try:
        return base64.b64decode(data, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Unavailable("The cluster's certificate authority cannot be read.", "Describe the cluster and check it.") from error


def _proxy(endpoint: str) -> str | None:
    """The proxy that the environment names for that host (urllib's rules, NO_PROXY included)."""
    from urllib.request import getproxies, proxy_bypass

    host = urlsplit(endpoint).hostname or ""
    return None if proxy_bypass(host) else getproxies().get("https")


def from_kubeconfig(kubeconfig: Kubeconfig, cluster: str) -> Any:
    """A kubernetes Configuration by a kubeconfig: its context of that name, or whose cluster is that name or ARN."""
    load_kubernetes()
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, list_kube_config_contexts, load_kube_config

    config: Any = Configuration()
    try:
        contexts, _ = list_kube_config_contexts(str(kubeconfig.path))
        name = kubeconfig.context or next((c["name"] for c in contexts if _is_of(c, cluster)), None)
        if name is None:
            raise NotThere(f"The kubeconfig has no context for cluster {cluster!r}.", "Add one, or set EKS_DIAG_KUBE_CONTEXT.")
        load_kube_config(str(kubeconfig.path), context=name, client_configuration=config)
    except (ConfigException, OSError, KeyError, TypeError, ValueError) as error:
        raise Unavailable(f"The kubeconfig cannot be used ({type(error).__name__}).", "Check EKS_DIAG_KUBECONFIG.") from error
    config.retries = _once()
    return config


def _is_of(context: dict[str, Any], cluster: str) -> bool:
    named = str((context.get("context") or {}).get("cluster", ""))
    return cluster in (context.get("name"), named) or named.endswith((f":cluster/{cluster}", f"/{cluster}"))
