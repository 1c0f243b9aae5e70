"""How the server is served over HTTP: flags and environment, read once at the rim."""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

from mcp.server.transport_security import TransportSecuritySettings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import BadInput
from .auth import AuthConfig

_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):)?(?P<port>\d{1,5})")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HOST = r"^[0-9A-Za-z._-]+(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\](:\d{1,5})?$"
_ORIGIN = r"^https?://[^/\s*]+$"
_NUMBERS = {
    "EKS_DIAG_HTTP_RATE": "calls_per_minute",
    "EKS_DIAG_HTTP_MAX_BODY_BYTES": "max_body_bytes",
    "EKS_DIAG_HTTP_DRAIN_S": "drain_s",
}


class HttpConfig(BaseModel):
    """host, port: where to listen. auth: who may call (None: everybody who reaches a loopback address). hosts, origins:
    Host and Origin headers that are answered; a host without a port holds for any. calls_per_minute: of one principal.
    drain_s: how long a shutdown waits for bundles that are being indexed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int = Field(ge=0, le=65_535)
    auth: AuthConfig | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    calls_per_minute: int = Field(120, ge=1)
    max_body_bytes: int = Field(1 << 20, ge=1024)
    drain_s: float = Field(20, ge=0)

    @classmethod
    def read(cls, env: Mapping[str, str], address: str, auth_file: Path | None = None, **given: object) -> "HttpConfig":
        """From EKS_DIAG_HTTP_*; what is `given` (flags) wins. BadInput for what would leave the door open."""
        match = _ADDRESS.fullmatch(address.strip())
        if match is None:
            raise BadInput(f"{address[:80]!r} is no address.", "Write HOST:PORT, for example 127.0.0.1:8080.")
        found: dict[str, object] = {"host": (match["host"] or "127.0.0.1").strip("[]"), "port": int(match["port"])}
        found |= {field: env[name] for name, field in _NUMBERS.items() if env.get(name)}
        found |= {field: _names(env.get(f"EKS_DIAG_HTTP_{field.upper()}", "")) for field in ("hosts", "origins")}
        found["auth"] = _auth(env, auth_file)
        try:
            made = cls.model_validate(found | {k: v for k, v in given.items() if v not in (None, ())})
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise BadInput(f"A setting for HTTP is wrong: {faults}.", "docs/http.md lists them.") from error
        made.check()
        return made

    @property
    def loopback(self) -> bool:
        """Only this machine can reach the address."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def check(self) -> None:
        """Refuse what would answer strangers."""
        if not self.loopback and self.auth is None:
            raise BadInput(
                f"{self.host} can be reached by others, and nobody would have to prove who they are.",
                "Configure authentication (--auth FILE, docs/http.md), or listen on 127.0.0.1.",
            )
        if not self.loopback and not self.hosts:
            raise BadInput(
                "The names that clients call this server by are not known, so no request could be told from a forged one.",
                "Add --allow-host NAME for each.",
            )
        for kind, values, form in (("host", self.hosts, _HOST), ("origin", self.origins, _ORIGIN)):
            for value in values:
                if not re.fullmatch(form, value):
                    example = "eks-diag.example.com" if kind == "host" else "https://chat.example.com"
                    raise BadInput(f"{value[:80]!r} cannot be an allowed {kind}.", f"Example: {example}. There are no wildcards.")

    def security(self) -> TransportSecuritySettings:
        """The Host and Origin allow-lists. Never off."""
        own = [f"{name}:*" for name in _LOOPBACK] + list(_LOOPBACK) if self.loopback else []
        named = [form for host in self.hosts for form in ((host,) if re.search(r":\d+$", host) else (host, f"{host}:*"))]
        pages = [f"http://{name}:*" for name in _LOOPBACK] if self.loopback else []
        return TransportSecuritySettings(
            enable_dns_rebinding_protection=True, allowed_hosts=[*own, *named], allowed_origins=[*pages, *self.origins]
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in re.split(r"[,\s]+", text) if name)


def _auth(env: Mapping[str, str], file: Path | None) -> AuthConfig | None:
    path = file or (Path(told) if (told := env.get("EKS_DIAG_HTTP_AUTH_FILE")) else None)
    if path is None:
        text = env.get("EKS_DIAG_HTTP_AUTH")
        return AuthConfig.read(text, "EKS_DIAG_HTTP_AUTH") if text else None
    try:
        return AuthConfig.read(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The file of --auth cannot be read ({type(error).__name__}).", "Check its path and rights.") from error
