"""Puts together what an MCP bundle holds: python deploy/mcpb/stage.py FOLDER. uv installs the packages where it is opened."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "src/eks_diag_mcp", "sops")


def stage(folder: Path) -> None:
    """The manifest and the parts of the source that a wheel is built from, in an emptied folder."""
    if folder.exists():
        shutil.rmtree(folder)
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(source, target)
    shutil.copy(Path(__file__).with_name("manifest.json"), folder / "manifest.json")


if __name__ == "__main__":
    stage(Path(sys.argv[1]))
