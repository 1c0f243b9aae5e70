"""EKS bearer tokens: `k8s-aws-v1.` and a presigned STS GetCallerIdentity URL, whose signature is recomputed here."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
LIFE = timedelta(minutes=15)
"""From X-Amz-Date on, whatever X-Amz-Expires says: that is how EKS reckons."""
SKEW = timedelta(minutes=5)
PARAMETERS = {"Action", "Version"} | {
    f"X-Amz-{name}" for name in ("Algorithm", "Credential", "Date", "Expires", "Security-Token", "Signature", "SignedHeaders")
}


class BadToken(Exception):
    """Why a token is refused. The caller only ever sees 401; tests can ask the double for the reason."""


@dataclass(frozen=True, slots=True)
class Principal:
    """One set of AWS credentials and whom STS would name for them."""

    access_key: str
    secret: str
    arn: str
    session_token: str | None = None


@dataclass(frozen=True, slots=True)
class Issuer:
    """The cluster that tokens must be made for, and where STS is asked."""

    cluster: str
    region: str
    dns_suffix: str = "amazonaws.com"

    @property
    def host(self) -> str:
        return f"sts.{self.region}.{self.dns_suffix}"

    def check(self, token: str, principals: dict[str, Principal], now: datetime) -> Principal:
        """Who made the token; raises BadToken."""
        url = urlsplit(_decoded(token))
        if (url.scheme, url.path) != ("https", "/"):
            raise BadToken("not an https URL of the root path")
        if url.netloc != self.host:
            raise BadToken(f"signed for {url.netloc}, not for {self.host}")
        pairs = parse_qsl(url.query, keep_blank_values=True)
        query = dict(pairs)
        if len(query) != len(pairs) or not query.keys() <= PARAMETERS:
            raise BadToken("doubled or unknown parameters")
        if query.get("Action") != "GetCallerIdentity" or query.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256":
            raise BadToken("not a SigV4 GetCallerIdentity")
        self._check_time(query, now)
        return self._check_signature(query, principals)

    def _check_time(self, query: dict[str, str], now: datetime) -> None:
        try:
            signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            expires_s = int(query["X-Amz-Expires"])
        except (KeyError, ValueError):
            raise BadToken("no readable X-Amz-Date and X-Amz-Expires") from None
        if not 0 <= expires_s <= LIFE.total_seconds():
            raise BadToken("X-Amz-Expires beyond 15 minutes")
        if now - signed >= LIFE:
            raise BadToken("expired")
        if signed - now > SKEW:
            raise BadToken("signed in the future")

    def _check_signature(self, query: dict[str, str], principals: dict[str, Principal]) -> Principal:
        access_key, _, scope = query.get("X-Amz-Credential", "").partition("/")
        if scope != f"{query['X-Amz-Date'][:8]}/{self.region}/sts/aws4_request":
            raise BadToken(f"credential scope {scope}")
        principal = principals.get(access_key)
        if principal is None:
            raise BadToken("unknown access key")
        if query.get("X-Amz-Security-Token") != principal.session_token:
            raise BadToken("wrong session token")
        headers = {"host": self.host, CLUSTER_HEADER: self.cluster}
        if query.get("X-Amz-SignedHeaders", "").split(";") != sorted(headers):
            raise BadToken("signed headers are not host and " + CLUSTER_HEADER)
        if not hmac.compare_digest(_signature(query, headers, principal.secret, scope), query.get("X-Amz-Signature", "")):
            raise BadToken("signature does not match: tampered with, or made for another cluster")
        return principal


def _decoded(token: str) -> str:
    body = token.removeprefix(PREFIX)
    if body == token or "=" in body:
        raise BadToken("no EKS token")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise BadToken("not base64url") from None


def _signature(query: dict[str, str], headers: dict[str, str], secret: str, scope: str) -> str:
    """SigV4 of a presigned GET with an empty body."""
    asked = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in query.items() if k != "X-Amz-Signature")
    canonical = "\n".join(
        (
            "GET",
            "/",
            "&".join(f"{k}={v}" for k, v in asked),
            *(f"{k}:{v}" for k, v in sorted(headers.items())),
            "",
            ";".join(sorted(headers)),
            hashlib.sha256(b"").hexdigest(),
        )
    )
    to_sign = "\n".join(("AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
