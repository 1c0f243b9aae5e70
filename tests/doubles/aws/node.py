"""A fake node: a temporary root in which a real bash script packs real bytes, and an S3 client that uploads them."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from .plans import Plan

SCRIPT = Path(__file__).with_name("collector.sh")
FULL_DF = (
    "#!/bin/sh\necho 'Filesystem 1K-blocks Used Available Use% Mounted on'\necho '/dev/nvme0n1p1 20961280 20520436 440844 98% /'\n"
)
ROOMY_DF = FULL_DF.replace("20520436 440844 98%", "9128712 11832568 44%")

Ping = Literal["online", "lost", "inactive", "absent"]


@dataclass(slots=True)
class FakeNode:
    """What SSM and the collector find on an instance. `files` is what the bundle holds: member name -> content.

    `cut_bytes` are missing at the end of its archive. `others`: what the plan 'wrong object' uploads under this node's key.
    """

    instance_id: str
    region: str
    files: Mapping[str, bytes]
    captured: datetime = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
    windows: bool = False
    ping: Ping = "online"
    state: str = "running"
    plan: Plan = field(default_factory=Plan)
    cut_bytes: int = 0
    others: bytes = b""

    @property
    def reachable(self) -> bool:
        """Whether SSM can run a command on it."""
        return self.state == "running" and self.ping == "online"


class CollectorFailed(Exception):
    """The script ended with another code than 0."""

    def __init__(self, code: int, output: str, errors: str) -> None:
        super().__init__(f"exit status {code}")
        self.code, self.output, self.errors = code, output, errors


def collect(node: FakeNode, disk_full: bool = False) -> tuple[bytes, str]:
    """Run the script on the node: (bytes of the archive, what it printed). Raises CollectorFailed."""
    with tempfile.TemporaryDirectory(prefix="node-") as folder:
        root = Path(folder)
        _lay_out(root, node, FULL_DF if disk_full else ROOMY_DF)
        path = f"{root / 'bin'}:{os.defpath}"
        run = subprocess.run(
            ["bash", str(SCRIPT), str(root), node.instance_id, str(int(node.captured.timestamp()))],
            check=False,
            env={"PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
        )
        if run.returncode:
            raise CollectorFailed(run.returncode, run.stdout, run.stderr)
        (archive,) = (root / "var/log").glob("eks_*.tar.gz")
        data = archive.read_bytes()
        return data[: len(data) - node.cut_bytes], run.stdout.replace(str(root), "")


def _lay_out(root: Path, node: FakeNode, df: str) -> None:
    for name, content in node.files.items():
        path = root / "evidence" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    program = root / "bin" / "df"
    program.parent.mkdir()
    program.write_text(df)
    program.chmod(0o755)
