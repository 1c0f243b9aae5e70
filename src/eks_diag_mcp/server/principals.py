"""Who asks, and what they may see."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken

_CLUSTERS = "eks-diag/clusters"
"""The claim under which a verified token carries its clusters through the SDK. Set here, never read from a client."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `clusters` None: all that this server may ask; otherwise only these, by name."""

    name: str
    clusters: frozenset[str] | None = None

    def as_token(self, scopes: Iterable[str] = (), expires_at_s: int | None = None) -> AccessToken:
        """As the SDK carries it through a request. The bearer token itself is not kept."""
        claims = {_CLUSTERS: None if self.clusters is None else sorted(self.clusters)}
        return AccessToken(
            token="", client_id=self.name, subject=self.name, scopes=list(scopes), expires_at=expires_at_s, claims=claims
        )


LOCAL = Principal("local")
"""The one at the other end of stdio, or of a loopback address without authentication: this machine's user."""

Who = Callable[[], Principal]
"""Tells the principal of the request under way."""


def authenticated() -> Principal:
    """The principal of the request that this thread or task works for, where all must have one: without a verified token
    it is nobody who may see nothing."""
    token = get_access_token()
    told = (token.claims or {}).get(_CLUSTERS, ()) if token else ()
    return Principal(token.client_id if token else "nobody", None if told is None else frozenset(told))
