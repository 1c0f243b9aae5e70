"""Transcripts in the pages: console blocks below a marker, whose commands are run and whose output is compared.

    <!-- transcript -->
    ```console
    $ eks-diag-mcp triage bundles/subnet-exhausted.tar.gz | head -3
    ...
    ```

`python -m tests.docs` writes the output anew. Commands run in an empty folder in which `bundles/` holds the archives named
in BUNDLES, with a library of their own, by /bin/sh."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .. import scenarios

ROOT = Path(__file__).parents[2]
BUNDLES = ("subnet-exhausted", "eni-limit")
_BLOCK = re.compile(r"(?<=<!-- transcript -->\n```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """The pages that hold a transcript."""
    every = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in every if _BLOCK.search(page.read_text(encoding="utf-8"))]


def prepared(folder: Path) -> dict[str, str]:
    """The bundles below `folder`, and the environment that commands run in."""
    bundles = folder / "bundles"
    for name in BUNDLES:
        scenarios.load(name).write(bundles / name)
        (archive,) = (bundles / name).iterdir()
        archive.rename(bundles / f"{name}.tar.gz")
        (bundles / name).rmdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EKS_DIAG_", "AWS_", "COLUMNS"))}
    return {**kept, "PATH": path, "EKS_DIAG_LIBRARY": str(folder / "library")}


def rerun(text: str, folder: Path, env: dict[str, str]) -> str:
    """The page with the output of every transcript as it is now."""
    return _BLOCK.sub(lambda block: "".join(_played(block.group(), folder, env)), text)


def _played(block: str, folder: Path, env: dict[str, str]) -> Iterator[str]:
    for line in block.splitlines():
        if not line.startswith("$ "):
            continue
        done = subprocess.run(
            line[2:], shell=True, cwd=folder, env=env, check=False, text=True, stdout=-1, stderr=subprocess.STDOUT
        )
        output = "\n".join(row.rstrip() for row in done.stdout.splitlines())
        yield f"{line}\n{output}\n" if output else f"{line}\n"
