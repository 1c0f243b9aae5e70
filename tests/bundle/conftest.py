"""A room to admit small archives in: few rules, real streams and real Parquet."""

import gzip
import io
import shutil
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eks_diag_mcp.bundle.archive import Limits
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.bundle.library import Library
from eks_diag_mcp.bundle.rules import LineRule
from eks_diag_mcp.bundle.search import Budget
from eks_diag_mcp.model import Window

CAPTURED = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
WALL = datetime(2026, 1, 10, 13, 0, tzinfo=UTC)
EVER = Window(None, None, "")
IPAMD = "var_log/aws-routed-eni/ipamd.log"
POD = "var_log/kube-system_aws-node-x7k2p_0f3c/aws-node/0.log"
RULES = (
    LineRule("ip.none", r"no available IP(?:/Prefix)? addresses", scopes=("ipamd-log", "aws-node")),
    LineRule("kernel.table", r"nf_conntrack: table full", scopes=("dmesg", "messages/kernel")),
    LineRule("kubelet.pleg", r"PLEG is not healthy", unless=r"for 0s", scopes=("kubelet-log", "messages/kubelet")),
    LineRule("ip.sync", r"Reconciling ENI/IP pool", scopes=("ipamd-log",), sampled=True),
    LineRule("kernel.link", r"link is up", scopes=("dmesg",), sampled=True),
    LineRule("any.boom", r"boom|b.{2,4}m!"),
)


def zap(time: str, message: str, level: str = "debug") -> str:
    return f'{{"level":"{level}","ts":"{time}","caller":"ipamd/ipamd.go:1","msg":"{message}"}}\n'


def text_of(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def tar(
    files: Mapping[str, bytes | str], *, shell: bool = True, at: datetime = CAPTURED, times: Mapping[str, datetime] | None = None
) -> bytes:
    """A plain tar in the shell collector's layout (`./`, folders) or the node agent's (neither)."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as out:
        for folder in sorted({name.rpartition("/")[0] for name in files}) if shell else ():
            info = tarfile.TarInfo(f"./{folder}")
            info.type, info.mtime = tarfile.DIRTYPE, int(at.timestamp())
            out.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(f"./{name}" if shell else name)
            info.size, info.mtime = len(text_of(data)), int((times or {}).get(name, at).timestamp())
            out.addfile(info, io.BytesIO(text_of(data)))
    return raw.getvalue()


class Room:
    """A library of its own; `admit` takes files as name -> text, or the bytes of an archive."""

    def __init__(self, root: Path, limits: Limits | None = None, rules: tuple[LineRule, ...] = RULES) -> None:
        self.inbox = root / "inbox"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.home = root / "library"
        self.library = Library(self.home, lambda: (rules, "test"), limits)

    def put(self, content: Mapping[str, bytes | str] | bytes, name: str = "bundle.tar.gz", **how) -> Path:
        path = self.inbox / name
        path.write_bytes(content if isinstance(content, bytes) else gzip.compress(tar(content, **how), 1, mtime=0))
        return path

    def admit(
        self,
        content: Mapping[str, bytes | str] | bytes,
        name: str = "bundle.tar.gz",
        *,
        now=lambda: 0.0,
        alias=None,
        expect=None,
        checkpoint=lambda: None,
        **how,
    ) -> Bundle:
        path = self.put(content, name, **how)
        return self.library.admit(path, now=now, wall=WALL, alias=alias, expect=expect, checkpoint=checkpoint)


def hits(bundle: Bundle) -> dict[str, list[tuple[str, int]]]:
    """signature -> (file, line) of its hits, in order."""
    from eks_diag_mcp.bundle.findings_table import read_hits

    found: dict[str, list[tuple[str, int]]] = {}
    for hit in read_hits(bundle.folder):
        found.setdefault(hit.signature, []).append((hit.file, hit.line))
    return {signature: sorted(places) for signature, places in found.items()}


def counts(bundle: Bundle) -> dict[str, int]:
    """signature -> how many lines it has in all sources."""
    found: dict[str, int] = {}
    for row in bundle.finding_rows:
        found[row.signature] = found.get(row.signature, 0) + row.count
    return found


def no_budget(checkpoint=lambda: None) -> Budget:
    """Time stands still."""
    return Budget(lambda: 0.0, 1.0, checkpoint)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled patterns, made once."""
    room = Room(tmp_path_factory.mktemp("compiled"))
    room.library.patterns()
    return room.library.root / "patterns"


@pytest.fixture
def room(tmp_path: Path, compiled: Path) -> Room:
    made = Room(tmp_path)
    shutil.copytree(compiled, made.library.root / "patterns")
    return made


@pytest.fixture(scope="session")
def shared_room(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Room:
    """For tests that admit many archives: each under its own name."""
    made = Room(tmp_path_factory.mktemp("shared"))
    shutil.copytree(compiled, made.library.root / "patterns")
    return made
