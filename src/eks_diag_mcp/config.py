"""Settings: what the command line and the environment decide, read once at the rim."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, ValidationError

from .errors import BadInput

LISTED = ("core", "sops", "kubernetes")
OPT_IN = ("fleet-ops", "capture")


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """A part of a bucket, written s3://bucket/prefix."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def _place(given: object) -> object:
    """A folder, or the part of a bucket that an s3:// address names."""
    text = str(given)
    if not text.startswith("s3:"):
        return given
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([\w.!*'()/-]*))?", text)
    if found is None:
        raise ValueError("a bucket is written s3://bucket/prefix")
    return BucketPlace(found[1], (found[2] or "").strip("/"))


class Settings(BaseModel):
    """How this server runs.

    library: folder of the store, or a part of a bucket; library_cache: folder of this machine for what is fetched from there.
    keep_days, keep_bytes: which bundles stay when another one comes (None: all). patterns: folder of this machine's compiled pattern databases (None: in the store). archives: folder with log bundles to collect from. sops: folders with own runbooks.
    toolsets: which sets of tools are listed.
    region, regions: default region and the others that may be asked. clusters: those that may be asked, by name, with
    their region (empty: any). bucket, prefix: where collected bundles lie, and where in it node agents upload to.
    fleet: address of the Dask scheduler whose workers search many bundles (None: threads of this process).
    automation_role: ARN of the role that SSM Automation assumes. kubeconfig, kube_context: the alternative to EKS access.
    collecting: may this server ask nodes for logs (allow, confirm, deny). collect_pause_s: shortest time between two
    collections of one node."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Annotated[Path | BucketPlace, BeforeValidator(_place)]
    library_cache: Path | None = None
    keep_days: Annotated[float, Field(gt=0)] | None = None
    keep_bytes: Annotated[ByteSize, Field(gt=0)] | None = None
    patterns: Path | None = None
    archives: Path | None = None
    sops: tuple[Path, ...] = ()
    toolsets: frozenset[str] = frozenset(LISTED)
    log_level: str = "WARNING"
    log_format: Literal["plain", "json"] = "plain"
    region: str | None = None
    regions: frozenset[str] = frozenset()
    clusters: Mapping[str, str | None] = {}
    bucket: str | None = None
    prefix: str = "node-agent"
    automation_role: str | None = None
    kubeconfig: Path | None = None
    kube_context: str | None = None
    collecting: Literal["allow", "confirm", "deny"] = "allow"
    collect_pause_s: int = 120
    fleet: Annotated[str, Field(pattern=r"^(tcp|tls)://[\w.\-\[\]:]+:\d{1,5}$")] | None = None
    aws_max_attempts: int = 5
    aws_read_timeout_s: float = 20

    @classmethod
    def read(cls, env: Mapping[str, str], **given: object) -> "Settings":
        """From the environment (EKS_DIAG_*); what is `given` (flags) wins."""
        home = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME") or "~").expanduser() / ".cache")
        kept = Path(home) / "eks-diag-mcp"
        found: dict[str, object] = {
            "library": env.get("EKS_DIAG_LIBRARY") or kept,
            "library_cache": Path(env.get("EKS_DIAG_LIBRARY_CACHE") or kept / "mirror"),
            "patterns": Path(env.get("EKS_DIAG_PATTERNS") or kept / "patterns"),
        }
        if archives := env.get("EKS_DIAG_ARCHIVES"):
            found["archives"] = Path(archives)
        if sops := env.get("EKS_DIAG_SOPS"):
            found["sops"] = tuple(Path(p) for p in sops.split(":") if p)
        if toolsets := env.get("EKS_DIAG_TOOLSETS"):
            found["toolsets"] = toolset_names(toolsets)
        found |= _outside(env)
        if level := env.get("EKS_DIAG_LOG_LEVEL"):
            found["log_level"] = level.upper()
        try:
            return cls.model_validate(found | {k: v for k, v in given.items() if v not in (None, (), "")})
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise BadInput(f"A setting is wrong: {faults}.", "Check the EKS_DIAG_* variables and flags.") from error


_PLAIN = {
    "EKS_DIAG_KEEP_DAYS": "keep_days",
    "EKS_DIAG_KEEP_BYTES": "keep_bytes",
    "EKS_DIAG_BUCKET": "bucket",
    "EKS_DIAG_PREFIX": "prefix",
    "EKS_DIAG_AUTOMATION_ROLE": "automation_role",
    "EKS_DIAG_KUBECONFIG": "kubeconfig",
    "EKS_DIAG_KUBE_CONTEXT": "kube_context",
    "EKS_DIAG_COLLECT": "collecting",
    "EKS_DIAG_COLLECT_PAUSE_S": "collect_pause_s",
    "EKS_DIAG_LOG_FORMAT": "log_format",
    "EKS_DIAG_FLEET": "fleet",
    "EKS_DIAG_AWS_MAX_ATTEMPTS": "aws_max_attempts",
    "EKS_DIAG_AWS_READ_TIMEOUT_S": "aws_read_timeout_s",
}


def _outside(env: Mapping[str, str]) -> dict[str, object]:
    """What is set about AWS and Kubernetes."""
    found: dict[str, object] = {field: env[name] for name, field in _PLAIN.items() if env.get(name)}
    if region := next((env[n] for n in ("EKS_DIAG_REGION", "AWS_REGION", "AWS_DEFAULT_REGION") if env.get(n)), None):
        found["region"] = region
    if clusters := env.get("EKS_DIAG_CLUSTERS"):
        pairs = (c.partition("@") for c in re.split(r"[,\s]+", clusters) if c)
        found["clusters"] = {name: place or None for name, _, place in pairs}
    named = set(re.split(r"[,\s]+", env.get("EKS_DIAG_REGIONS", ""))) - {""}
    of_clusters = {place for place in dict(found.get("clusters") or {}).values() if place}  # type: ignore[call-overload]
    if regions := {r.lower() for r in named | of_clusters}:
        found["regions"] = frozenset(regions)
    return found


def toolset_names(text: str) -> frozenset[str]:
    """The sets named in a comma list. BadInput lists the valid ones."""
    names = frozenset(n for n in re.split(r"[,\s]+", text.lower()) if n)
    unknown = names - {*LISTED, *OPT_IN}
    if unknown:
        raise BadInput(f"Unknown toolset {', '.join(sorted(unknown))}.", f"Sets: {', '.join((*LISTED, *OPT_IN))}.")
    return names
