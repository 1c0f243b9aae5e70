"""Authentication over HTTP: static bearer tokens known by their digests, and JWTs of an identity provider.

Both are told in one YAML document (docs/http.md); it holds no secret. A token that is not known, or not proven, is none."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio.to_thread
import jwt
from mcp.server.auth.provider import AccessToken
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, model_validator

from ..errors import BadInput
from ..quoting import one_line
from ..rows import read_yaml
from .principals import Principal

_log = logging.getLogger(__name__)
_CLUSTER = r"^[0-9A-Za-z][\w-]{0,99}$"
_KEYS_TIMEOUT_S = 5
_KEYS_LIFE_S = 300
_LEEWAY_S = 10

Clusters = Annotated[tuple[Annotated[str, Field(pattern=_CLUSTER)], ...], Field(min_length=1)]
"""Names of clusters. An empty list would read as "all" to some and as "none" to others, so there is none."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StaticToken(_Part):
    """A token handed out by the operator. `sha256` is the hex digest of its text; without `clusters` it may see all."""

    name: str = Field(pattern=r"^[\w.@:/+-]{1,80}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    clusters: Clusters | None = None


class JwtRules(_Part):
    """Which JWTs are believed. `clusters_claim` names the claim that lists the clusters: a list of names, or "*" for all;
    a token without it is refused. Without `clusters_claim`, `clusters` hold for every token (left out: all)."""

    issuer: str = Field(pattern=r"^https?://\S+$")
    audience: str = Field(min_length=1)
    jwks_url: HttpUrl | None = None
    jwks_file: Path | None = None
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"], ...] = (
        "RS256",
        "ES256",
    )
    principal_claim: str = "sub"
    clusters_claim: str | None = None
    clusters: Clusters | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> "JwtRules":
        if (self.jwks_url is None) == (self.jwks_file is None):
            raise ValueError("either jwks_url or jwks_file is needed")
        if self.clusters_claim and self.clusters:
            raise ValueError("clusters and clusters_claim exclude one another")
        url = self.jwks_url
        if url is not None and url.scheme != "https" and url.host not in ("127.0.0.1", "localhost", "[::1]"):
            raise ValueError("jwks_url must be https: whoever can change the keys can sign any token")
        return self


class AuthConfig(_Part):
    """The whole document. `resource` is this server's address as clients know it; with it and JWTs, clients are told
    where to get a token (RFC 9728)."""

    tokens: tuple[StaticToken, ...] = ()
    jwt: JwtRules | None = None
    resource: str | None = Field(None, pattern=r"^https?://\S+$")

    @model_validator(mode="after")
    def _some(self) -> "AuthConfig":
        if not self.tokens and self.jwt is None:
            raise ValueError("tokens or jwt is needed")
        digests = [t.sha256 for t in self.tokens]
        if len(set(digests)) < len(digests):
            raise ValueError("two tokens have the same digest")
        return self

    @classmethod
    def read(cls, text: str, name: str) -> "AuthConfig":
        """From YAML. BadInput names every fault, but no value: somebody may have put a token where a digest belongs."""
        try:
            return cls.model_validate(read_yaml(text, name))
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'document'}: {e['msg']}" for e in error.errors(include_input=False)
            )
            raise BadInput(f"{name}: {faults}.", "docs/http.md shows the format.") from error


class Verifier:
    """The SDK's seam: a bearer token in, its principal out, None where it proves nobody. `may` are the clusters that
    this server itself may ask (empty: any)."""

    def __init__(self, config: AuthConfig, may: Mapping[str, str | None]) -> None:
        self._static = {t.sha256: _principal(t.name, t.clusters) for t in config.tokens}
        self._jwt = JwtCheck(config.jwt) if config.jwt else None
        self._may = frozenset(may)
        for principal in self._static.values():
            if self._allowed(principal) is None:
                raise BadInput(
                    f"{principal.name} lists only clusters that this server may not ask.", "Compare with EKS_DIAG_CLUSTERS."
                )

    async def verify_token(self, token: str) -> AccessToken | None:
        """Never raises for a bad token."""
        known = self._static.get(hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest())
        if known is not None:
            found: tuple[Principal, int | None] | None = known, None
        else:
            found = await anyio.to_thread.run_sync(self._jwt.check, token) if self._jwt else None
        allowed = self._allowed(found[0]) if found else None
        return allowed.as_token(expires_at_s=found[1]) if allowed and found else None

    def _allowed(self, principal: Principal) -> Principal | None:
        """With the clusters that the server may ask, too; None where nothing is left."""
        if principal.clusters is None or not self._may:
            return principal
        both = principal.clusters & self._may
        return Principal(principal.name, both) if both else None


class JwtCheck:
    """Checks signature, issuer, audience and times. Runs on a worker thread, since keys may have to be fetched."""

    def __init__(self, rules: JwtRules) -> None:
        self.rules = rules
        self._remote = (
            jwt.PyJWKClient(str(rules.jwks_url), lifespan=_KEYS_LIFE_S, timeout=_KEYS_TIMEOUT_S) if rules.jwks_url else None
        )
        self._local = _keys_of(rules.jwks_file) if rules.jwks_file else None

    def check(self, token: str) -> tuple[Principal, int | None] | None:
        """(principal, expiry in epoch seconds), or None; why is logged, the token is not."""
        rules = self.rules
        try:
            claims = jwt.decode(
                token,
                self._key(token),
                algorithms=list(rules.algorithms),
                issuer=rules.issuer,
                audience=rules.audience,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", rules.principal_claim]},
            )
            name = claims[rules.principal_claim]
            if not isinstance(name, str) or not name:
                raise jwt.InvalidTokenError(f"claim {rules.principal_claim} is no name")
            return _principal(one_line(name, 80), self._clusters(claims)), int(claims["exp"])
        except jwt.PyJWTError as error:
            _log.info("a JWT was refused: %s", type(error).__name__)
            return None

    def _key(self, token: str) -> Any:
        if self._remote is not None:
            return self._remote.get_signing_key_from_jwt(token)
        wanted = jwt.get_unverified_header(token).get("kid")
        keys = self._local.keys if self._local else []
        found = [key for key in keys if key.key_id == wanted] or (keys if wanted is None and len(keys) == 1 else [])
        if not found:
            raise jwt.InvalidKeyError("no such key")
        return found[0]

    def _clusters(self, claims: Mapping[str, Any]) -> Sequence[str] | None:
        if self.rules.clusters_claim is None:
            return self.rules.clusters
        told = claims.get(self.rules.clusters_claim)
        if told in ("*", ["*"]):
            return None
        names = told.replace(",", " ").split() if isinstance(told, str) else told
        if not isinstance(names, list) or not names or not all(isinstance(n, str) and n for n in names):
            raise jwt.InvalidTokenError("the claim of clusters is missing or malformed")
        return names


def _keys_of(path: Path) -> jwt.PyJWKSet:
    try:
        return jwt.PyJWKSet.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise BadInput(f"The jwks_file cannot be used ({type(error).__name__}).", 'It holds a JWK Set: {"keys": [...]}.') from error


def _principal(name: str, clusters: Sequence[str] | None) -> Principal:
    return Principal(name, None if clusters is None else frozenset(clusters))
