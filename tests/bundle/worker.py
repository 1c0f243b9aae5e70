"""A process of its own that admits an archive: `python -m tests.bundle.worker LIBRARY ARCHIVE [HOLD]`.

It says `begun` once the first blocks were read; with HOLD it then waits for a line on stdin, which may never come. At the end
it says the bundle's folder."""

import sys
from pathlib import Path

from eks_diag_mcp.bundle.library import Library

from .conftest import RULES, WALL


def main() -> None:
    library, archive, hold = Path(sys.argv[1]), Path(sys.argv[2]), len(sys.argv) > 3
    begun = False

    def progress(_done: int) -> None:
        nonlocal begun
        if not begun:
            begun = True
            print("begun", flush=True)
            if hold:
                sys.stdin.readline()

    bundle = Library(library, lambda: (RULES, "test")).admit(archive, now=lambda: 0.0, wall=WALL, progress=progress)
    print(bundle.folder, flush=True)


if __name__ == "__main__":
    main()
