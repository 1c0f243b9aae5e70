"""A scenario's files and its archive, in the layout of the shell collector (0.7.9) or of the node monitoring agent."""

import gzip
import io
import tarfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

from . import agent_kinds, background, cni_state, host_state, network_state, story
from .describe import BadScenario, Description, Expect, read
from .edits import edited
from .lines import JOURNAL_FILES, Row, iso, render
from .node import Node

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "scenarios"
SHELL_FOLDERS = (
    "kernel",
    "modinfo",
    "system",
    "docker",
    "containerd",
    "storage",
    "var_log",
    "networking",
    "sandbox-image",
    "ipamd",
    "sysctls",
    "kubelet",
    "nodeadm",
    "cni",
    "gpu",
)
IPAMD_LOG = "var_log/aws-routed-eni/ipamd.log"
ROTATED = timedelta(hours=3)
"""ipamd rotates by size; here whatever is older than this stands in the rotated file."""
NOT_BY_AGENT = (
    "networking/ipset.txt",
    "networking/ipvsadm.txt",
    "networking/ping_public.ecr.aws.txt",
    "system/large_environments.txt",
    "system/systemd-analyze.svg",
    "kubelet/svc.log",
    "ipamd/pods.json",
)


@dataclass(frozen=True)
class Scenario:
    """A described node: what it is (`node`), what should be found (`expect`), and its bundle (`files`, `write`)."""

    described: Description

    @property
    def name(self) -> str:
        return self.described.name

    @property
    def title(self) -> str:
        return self.described.title

    @property
    def expect(self) -> Expect:
        return self.described.expect

    @cached_property
    def node(self) -> Node:
        return Node(self.described)

    @property
    def instance_id(self) -> str:
        return self.node.instance_id

    @property
    def captured(self) -> datetime:
        return self.node.captured

    @property
    def archive_name(self) -> str:
        if self.node.spec.layout == "node_agent":
            return f"{self.node.node_name}-logs.tar.gz"
        return f"eks_{self.instance_id}_{self.node.execution_id}.tar.gz"

    @cached_property
    def _files(self) -> dict[str, bytes]:
        node = Node(self.described)  # fresh: its random ids are drawn in a fixed order
        told = [r for r in story.rows(node, self.described.story) if r.at <= node.captured]
        rows = [*background.rows(node), *told]
        texts = {
            **host_state.files(node),
            **network_state.files(node),
            **cni_state.files(node, told),
            **_logs(node, rows),
        }
        if node.spec.layout == "node_agent":
            texts = _as_agent(node, texts)
        out = {name: text.encode() for name, text in edited(node, agent_kinds.of(node, texts)).items()}
        if node.has_aws_node:
            _rotate(node, rows, out)
        return out

    def files(self) -> dict[str, bytes]:
        """Member name (without `./`) -> content. Equal descriptions give equal bytes."""
        return dict(self._files)

    def archive(self) -> bytes:
        """The tar.gz, cut by `truncate_bytes` where the description says so."""
        data = pack(self._files, self.captured, shell=self.node.spec.layout == "shell")
        return data[: len(data) - self.node.spec.truncate_bytes]

    def write(self, folder: Path | str) -> Path:
        """Write the archive into `folder` under the name the collector gives it, and say where."""
        path = Path(folder) / self.archive_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.archive())
        return path


def names() -> list[str]:
    """All scenarios, sorted."""
    return sorted(p.stem for p in FOLDER.glob("*.yaml"))


@cache
def load(name: str) -> Scenario:
    """The scenario of that name; raises BadScenario when there is none or it cannot be understood."""
    path = FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise BadScenario(f"no scenario {name!r}; known are {', '.join(names())}")
    return Scenario(read(path))


# ---- logs ---------------------------------------------------------------------------------------------------------
def _logs(node: Node, rows: list[Row]) -> dict[str, str]:
    """All logs, each sorted by time; rows of equal time keep their order."""
    lines: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda r: r.at):
        for file, text in render(node, row):
            lines.setdefault(file, []).append(text)
    if node.has_aws_node:
        for file in ("ebpf-sdk.log", "egress-v6-plugin.log") if node.at_least(1, 14) else ():
            lines.setdefault(f"var_log/aws-routed-eni/{file}", [])
    for file in ("kubelet/kubelet.log", "containerd/containerd-log.txt"):
        lines.setdefault(file, ["-- No entries --"])
    return {file: "".join(f"{line}\n" for line in text) for file, text in lines.items()}


def _rotate(node: Node, rows: list[Row], out: dict[str, bytes]) -> None:
    """Old ipamd lines stand in a gzipped rotation inside the archive, as on every node that is up for some time."""
    cut = node.captured - ROTATED
    old = [r for r in rows if r.log == "ipamd" and r.at < cut]
    if len(old) < 5:
        return
    new = [r for r in rows if r.log == "ipamd" and r.at >= cut]
    texts = [_logs(node, part).get(IPAMD_LOG, "") for part in (old, new)]
    name = f"var_log/aws-routed-eni/ipamd-{cut:%Y-%m-%dT%H-%M-%S}.000.log.gz"
    out[name], out[IPAMD_LOG] = gzip.compress(texts[0].encode(), mtime=0), texts[1].encode()


# ---- layouts ------------------------------------------------------------------------------------------------------
def _as_agent(node: Node, texts: dict[str, str]) -> dict[str, str]:
    """The same node as the node monitoring agent collects it."""
    out = {name: text for name, text in texts.items() if name not in NOT_BY_AGENT}
    for name in [n for n in out if n.startswith("ipamd/") and not out[n]]:
        del out[name]  # a failed endpoint is a missing file and an entry in the error log
    out.pop("networking/curl_api_server.txt")
    answer = "[+]ping ok\n[+]etcd ok\nlivez check passed\n"
    out["networking/get_api_server.txt"] = f"sending GET request to https://{node.endpoint}/livez?verbose\n{answer}" * 5
    out["storage/mounts.txt"] = out["storage/mounts.txt"].replace("\n\nFilesystem", "\nFilesystem")
    out["system/io_throttling.txt"] = out["system/io_throttling.txt"].rstrip("\n")
    for kind in ("cpu", "memory", "io"):
        some = "some avg10=0.00 avg60=0.00 avg300=0.00 total=18213\n"
        out[f"system/pressure_{kind}.txt"] = some + some.replace("some", "full")
    if node.spec.capture_errors:
        shown = "".join('--- Errors in collector "{}" ---\n{}\n'.format(*e.split(": ", 1)) for e in node.spec.capture_errors)
        out["log-capture-errors.log"] = shown
    for file in (*JOURNAL_FILES.values(), "sandbox-image/sandbox-image-log.txt"):
        if out.get(file) == "":
            out[file] = "-- No entries --\n"
    return out


def pack(files: dict[str, bytes], captured: datetime, shell: bool = True) -> bytes:
    """A tar.gz whose members all carry the capture time. Shell layout: `./` names, and directory entries first."""
    raw, when = io.BytesIO(), int(captured.timestamp())
    with (
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=when, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name in _folders(files) if shell else ():
            info = tarfile.TarInfo(f"./{name}" if name else "./")
            info.type, info.mode, info.mtime, info.uname, info.gname = tarfile.DIRTYPE, 0o755, when, "root", "root"
            tar.addfile(info)
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(f"./{name}" if shell else name)
            info.size, info.mode, info.mtime = len(data), 0o644, when
            if shell:
                info.uname = info.gname = "root"
            tar.addfile(info, io.BytesIO(data))
    return raw.getvalue()


def _folders(files: dict[str, bytes]) -> list[str]:
    parts = {name[:i] for name in files for i, c in enumerate(name) if c == "/"}
    return ["", *sorted(parts | set(SHELL_FOLDERS))]


def about(scenario: Scenario) -> str:
    """One line on a scenario, for the command."""
    expect = scenario.expect
    cause = expect.root_cause or "no cause supported"
    node = f"{scenario.node.spec.type}, CNI {scenario.node.spec.cni}, {iso(scenario.captured, 0)}"
    return f"{scenario.name}: {cause} ({node}): {scenario.title}"
