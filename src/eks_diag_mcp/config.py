"""Settings: what the command line and the environment decide, read once at the rim."""

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from .errors import BadInput

LISTED = ("core", "sops", "kubernetes")
OPT_IN = ("fleet-ops", "capture")


class Settings(BaseModel):
    """How this server runs.

    library: folder of the store. archives: folder with log bundles to collect from. sops: folders with own runbooks.
    toolsets: which sets of tools are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Path
    archives: Path | None = None
    sops: tuple[Path, ...] = ()
    toolsets: frozenset[str] = frozenset(LISTED)
    log_level: str = "WARNING"

    @classmethod
    def read(cls, env: Mapping[str, str], **given: object) -> "Settings":
        """From the environment (EKS_DIAG_*); what is `given` (flags) wins."""
        home = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME") or "~").expanduser() / ".cache")
        found: dict[str, object] = {"library": Path(env.get("EKS_DIAG_LIBRARY") or Path(home) / "eks-diag-mcp")}
        if archives := env.get("EKS_DIAG_ARCHIVES"):
            found["archives"] = Path(archives)
        if sops := env.get("EKS_DIAG_SOPS"):
            found["sops"] = tuple(Path(p) for p in sops.split(":") if p)
        if toolsets := env.get("EKS_DIAG_TOOLSETS"):
            found["toolsets"] = toolset_names(toolsets)
        if level := env.get("EKS_DIAG_LOG_LEVEL"):
            found["log_level"] = level.upper()
        return cls.model_validate(found | {k: v for k, v in given.items() if v not in (None, (), "")})


def toolset_names(text: str) -> frozenset[str]:
    """The sets named in a comma list. BadInput lists the valid ones."""
    names = frozenset(n for n in re.split(r"[,\s]+", text.lower()) if n)
    unknown = names - {*LISTED, *OPT_IN}
    if unknown:
        raise BadInput(f"Unknown toolset {', '.join(sorted(unknown))}.", f"Sets: {', '.join((*LISTED, *OPT_IN))}.")
    return names
