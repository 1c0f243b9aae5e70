"""How the host and its pods resolve names: networking/resolv.conf (the host's file, not the pods') and what kubelet gives
its pods (clusterDNS, resolvConf: a flag goes before drop-in files, these before the configuration)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import Evidence
from .state_files import QUOTE_CHARS, as_list, as_map, as_text, quote, read_json

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle, FileText

_YAML_LIST = re.compile(r"(?m)^[\"']?clusterDNS[\"']?:[ \t]*\n((?:\s*-\s*\S+[ \t]*\n?)+)")
_YAML_WORD = re.compile(r"(?m)^[\"']?resolvConf[\"']?:[ \t]*[\"']?(/\S+?)[\"']?[ \t]*$")
_FLAGS = {"clusterDNS": re.compile(r"--cluster-dns[= ]+[\"']?([0-9a-fA-F.:,]+)"), "resolvConf": re.compile(r"--resolv-conf[= ]+[\"']?(/[\w./-]+)")}


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """The host's resolv.conf. `lines` quotes its nameserver lines."""

    file: str
    nameservers: tuple[str, ...]
    search: tuple[str, ...]
    options: tuple[str, ...]
    lines: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class KubeletDns:
    """What kubelet writes into its pods' resolv.conf. None: not told. `known`: a configuration was read, so what is not
    in it has kubelet's default."""

    cluster_dns: tuple[str, ...] | None = None
    cluster_dns_at: Evidence | None = None
    resolv_conf: str | None = None
    resolv_conf_at: Evidence | None = None
    known: bool = False


def read_resolv_conf(bundle: "Bundle") -> ResolvConf | None:
    """The host's file; None where the bundle has none with anything in it."""
    for file in bundle.texts("resolv-conf"):
        servers: list[str] = []
        search: tuple[str, ...] = ()
        options: list[str] = []
        lines: list[Evidence] = []
        for number, line in enumerate(file.text.split("\n"), 1):
            words = re.split(r"[#;]", line)[0].split()
            if len(words) < 2:
                continue
            if words[0] == "nameserver":
                servers.append(words[1])
                lines.append(Evidence("resolv-conf", file.path, number, line.strip()[:QUOTE_CHARS]))
            elif words[0] in ("search", "domain"):
                search = tuple(words[1:])
            elif words[0] == "options":
                options += words[1:]
        return ResolvConf(file.path, tuple(servers), search, tuple(options), tuple(lines))
    return None


def read_kubelet_dns(bundle: "Bundle") -> KubeletDns:
    """What kubelet is told, by flag, drop-in and configuration in this order."""
    files = sorted(bundle.texts("kubelet-config"), key=lambda f: (".json.d/" in f.path, f.path))
    servers: tuple[tuple[str, ...], Evidence] | None = None
    path: tuple[str, Evidence] | None = None
    for file in files:  # a later one goes before an earlier one
        for found_servers, found_path in _configured(file):
            servers, path = found_servers or servers, found_path or path
    for file in bundle.texts("kubelet-service"):
        if flag := _FLAGS["clusterDNS"].search(file.text):
            servers = tuple(flag[1].split(",")), quote("kubelet-service", file, flag.start(), flag.end())
        if flag := _FLAGS["resolvConf"].search(file.text):
            path = flag[1], quote("kubelet-service", file, flag.start(), flag.end())
    return KubeletDns(
        servers[0] if servers else None, servers[1] if servers else None, path[0] if path else None, path[1] if path else None, bool(files)
    )


def _configured(file: "FileText") -> Iterator[tuple[tuple[tuple[str, ...], Evidence] | None, tuple[str, Evidence] | None]]:
    documents = read_json(file.text, file.truncated).documents
    for document in documents:
        top = as_map(document.value)
        servers = tuple(as_text(s) for s in as_list(top.get("clusterDNS")) if as_text(s))
        path = as_text(top.get("resolvConf"))
        yield (
            (servers, _at(file, '"clusterDNS"')) if servers else None,
            (path, _at(file, '"resolvConf"')) if path else None,
        )
    if not documents:  # Bottlerocket writes YAML
        servers_at, path_at = _YAML_LIST.search(file.text), _YAML_WORD.search(file.text)
        told = tuple(re.findall(r"-\s*[\"']?([^\s\"']+)", servers_at[1])) if servers_at else ()
        yield (
            (told, _at(file, "clusterDNS")) if told else None,
            (path_at[1], quote("kubelet-config", file, path_at.start(), path_at.end())) if path_at else None,
        )


def _at(file: "FileText", key: str) -> Evidence:
    start = max(file.text.find(key), 0)
    return quote("kubelet-config", file, start, min(start + len(key) + 40, len(file.text)))
