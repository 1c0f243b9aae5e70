"""kubelet's settings as it runs with them: configuration file, drop-ins over it, flags over both.

Drop-ins (config.json.d/*.conf) are merged in the order of their names as JSON merge patches: objects key by key, lists
as a whole, null takes a key away. Bottlerocket's file is YAML under the same name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from ...model import Evidence, LineRef, Reading
from .process_list import read_processes
from .state_files import as_map, quote, read_json
from .tables import rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

_YAML_CHARS = 200_000
_FLAGS = {
    "eviction-hard": "evictionHard",
    "eviction-soft": "evictionSoft",
    "eviction-soft-grace-period": "evictionSoftGracePeriod",
    "kube-reserved": "kubeReserved",
    "system-reserved": "systemReserved",
    "image-gc-high-threshold": "imageGCHighThresholdPercent",
    "image-gc-low-threshold": "imageGCLowThresholdPercent",
    "cgroup-driver": "cgroupDriver",
    "cluster-dns": "clusterDNS",
    "serialize-image-pulls": "serializeImagePulls",
    "max-parallel-image-pulls": "maxParallelImagePulls",
    "container-log-max-size": "containerLogMaxSize",
    "container-log-max-files": "containerLogMaxFiles",
    "pod-max-pids": "podPidsLimit",
}
_FLAG = re.compile(rf"--({'|'.join(_FLAGS)})[= ]\"?'?([^\s\"'\\]{{1,400}})")
_PAIR = re.compile(r"([\w.-]{1,60})[<=]([\w.%]{1,40})", re.ASCII)
_MAPS = ("evictionHard", "evictionSoft", "evictionSoftGracePeriod", "kubeReserved", "systemReserved")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it was read. `key` is dotted where it lies in an object (evictionHard.nodefs.available)."""

    key: str
    value: object
    origin: str
    evidence: Evidence

    @property
    def text(self) -> str:
        """As one would write it: lists with commas, switches as true and false."""
        if isinstance(self.value, list):
            return ",".join(str(v) for v in self.value)[:200]
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)[:200]

    def reading(self, name: str, unit: str = "", scope: str | None = None) -> Reading:
        number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        value = self.value if number or isinstance(self.value, bool) else self.text
        assert isinstance(value, int | float | str)
        return Reading(name, value, unit, LineRef(self.evidence.file, self.evidence.line), scope, self.origin)


@dataclass(frozen=True, slots=True)
class KubeletConfig:
    """All settings by key. `read`: the configuration file was readable, so what is not in it has kubelet's default."""

    settings: Mapping[str, Setting]
    read: bool

    def get(self, key: str) -> Setting | None:
        return self.settings.get(key)

    def under(self, key: str) -> dict[str, Setting]:
        """The entries of an object, by their own names."""
        return {k[len(key) + 1 :]: s for k, s in self.settings.items() if k.startswith(key + ".")}


def read_kubelet_config(bundle: "Bundle") -> KubeletConfig:
    """The merged settings; none where neither file nor flags are in the bundle."""
    settings: dict[str, Setting] = {}
    base = False
    for file, drop_in in _files(bundle):
        for document in _documents(file):
            base = base or not drop_in
            _merge(settings, document, file, "kubelet drop-in" if drop_in else "kubelet configuration")
    for key, value, evidence in _flags(bundle):
        if key in _MAPS:  # a flag takes the place of the whole object
            for old in [k for k in settings if k.startswith(key + ".") and settings[k].origin != "flag"]:
                del settings[old]
            for name, amount in _PAIR.findall(value):
                settings[f"{key}.{name}"] = Setting(f"{key}.{name}", amount, "flag", evidence)
        else:
            settings[key] = Setting(key, int(value) if value.isdigit() else value, "flag", evidence)
    return KubeletConfig(settings, base)


def _files(bundle: "Bundle") -> list[tuple["FileText", bool]]:
    """(file, is a drop-in) in the order in which kubelet merges them."""
    found = []
    for file in bundle.texts("kubelet-config"):
        folder, _, name = file.path.rpartition("/")
        drop_in = folder.endswith(".json.d")
        if not drop_in or name.endswith(".conf"):
            found.append((drop_in, name, file))
    found.sort(key=lambda row: row[:2])
    return [(file, drop_in) for drop_in, _, file in found]


def _documents(file: "FileText") -> list[Mapping[str, object]]:
    read = read_json(file.text, file.truncated)
    documents = [as_map(d.value) for d in read.documents]
    anchors = re.search(r"[&*]\w", file.text)  # anchors can blow a small document up
    if not documents and read.outcome == "unreadable" and len(file.text) < _YAML_CHARS and not anchors:
        try:
            documents = [as_map(yaml.safe_load(file.text))]
        except yaml.YAMLError:
            return []
        # Error text of one line with a colon is YAML as well.
        documents = [d for d in documents if d.get("kind") == "KubeletConfiguration"]
    return [d for d in documents if d]


def _merge(settings: dict[str, Setting], document: Mapping[str, object], file: "FileText", origin: str, above: str = "") -> None:
    for name, value in document.items():
        if not isinstance(name, str):
            continue
        key = f"{above}{name}"
        if value is None or not isinstance(value, dict):
            for old in [k for k in settings if k == key or k.startswith(key + ".")]:
                del settings[old]
        if isinstance(value, dict) and above.count(".") < 4:
            _merge(settings, value, file, origin, key + ".")
        elif value is not None:
            settings[key] = Setting(key, value, origin, _where(file, name))


def _where(file: "FileText", name: str) -> Evidence:
    """The line that names the key: quoted in JSON, bare in YAML."""
    found = re.search(rf"\"{re.escape(name)}\"\s*:|^\s*{re.escape(name)}\s*:", file.text, re.MULTILINE)
    start = found.start() if found else 0
    return quote("kubelet-config", file, start, found.end() if found else start)


def _flags(bundle: "Bundle") -> Iterator[tuple[str, str, Evidence]]:
    lines = [(row.text, row.evidence) for row in rows_of(bundle, "kubelet-service")]
    lines += [(p.command, p.evidence) for p in read_processes(bundle).of("kubelet") if p.user == "root"]
    for text, evidence in lines:
        for flag in _FLAG.finditer(text):
            yield _FLAGS[flag[1]], flag[2], evidence
