"""The CNI configuration the container runtime works with (cni/, a copy of /etc/cni/net.d).

The runtime takes the lexically first file that is a configuration. aws-node writes 10-aws.conflist only after ipamd has
passed its health check, so a node without it has an ipamd that was never ready."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, LineRef
from .state_files import ReadOutcome, as_int, as_list, as_map, as_text, quote, read_json

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

_PLACEHOLDER = re.compile(r"__[A-Z][A-Z0-9_]{1,40}?__")
_FOREIGN_TYPES = {
    "cilium-cni": "Cilium",
    "calico": "Calico",
    "flannel": "Flannel",
    "weave-net": "Weave",
    "antrea": "Antrea",
}
_LOOKED_AT = re.compile(r"(?:.*/)?cni/[^/]+\.(?:conf|conflist|json)")


@dataclass(frozen=True, slots=True)
class CniConfig:
    """One configuration file. `plugins` are their types in order; `mtu` None where it is not given or no number."""

    file: str
    outcome: ReadOutcome
    name: str = ""
    plugins: tuple[str, ...] = ()
    mtu: int | None = None
    veth_prefix: str = ""
    enforcing_mode: str = ""
    placeholders: tuple[Evidence, ...] = ()
    head: Evidence | None = None
    mtu_ref: LineRef | None = None

    @property
    def aws(self) -> bool:
        """Whether the VPC CNI gives the addresses (others may be chained behind it)."""
        return "aws-cni" in self.plugins

    @property
    def owner(self) -> str:
        """Who gives the addresses, by name; the plugin type where it is none we know."""
        if self.aws:
            return "VPC CNI"
        known = [_FOREIGN_TYPES[p] for p in self.plugins if p in _FOREIGN_TYPES]
        return next(iter([*known, *self.plugins]), "")


def read_configs(bundle: "Bundle") -> tuple[CniConfig, ...]:
    """The configuration files in the order the runtime looks at them; files in sub-folders are not looked at."""
    files = [f for f in bundle.texts("cni-config") if _LOOKED_AT.fullmatch(f.path)]
    return tuple(_read(file) for file in sorted(files, key=lambda f: f.path.rpartition("/")[2]))


def in_force(configs: tuple[CniConfig, ...]) -> CniConfig | None:
    """The file the runtime takes: the first that lists a plugin."""
    return next((c for c in configs if c.plugins), None)


def _read(file: "FileText") -> CniConfig:
    read = read_json(file.text, file.truncated)
    top = as_map(read.first)
    plugins = [as_map(p) for p in as_list(top.get("plugins"))] or ([top] if top.get("type") else [])
    ours = next((p for p in plugins if p.get("type") == "aws-cni"), {})
    at = max(file.text.find('"mtu"'), 0)
    return CniConfig(
        file=file.path,
        outcome=read.outcome,
        name=as_text(top.get("name")),
        plugins=tuple(as_text(p.get("type")) for p in plugins),
        mtu=as_int(ours.get("mtu")),
        veth_prefix=as_text(ours.get("vethPrefix")),
        enforcing_mode=as_text(ours.get("podSGEnforcingMode")),
        placeholders=tuple(_placeholders(file)),
        head=_head(file),
        mtu_ref=LineRef(file.path, file.text.count("\n", 0, at) + 1),
    )


def _placeholders(file: "FileText") -> Iterator[Evidence]:
    for found in _PLACEHOLDER.finditer(file.text):
        yield quote("cni-config", file, found.start(), found.end())


def _head(file: "FileText") -> Evidence | None:
    """The first plugin type, quoted: it says whose file this is."""
    found = re.search(r'"type"\s*:\s*"[^"\n]{0,60}"', file.text)
    return quote("cni-config", file, found.start(), found.end()) if found else None
