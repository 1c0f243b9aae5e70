"""`make clients`: every client walks D1 on the real server; docs/clients.md is what came of it."""

import argparse
import sys
import tempfile
from pathlib import Path

from .house import House
from .run import matrix, outcomes


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--only", help="clients whose name holds this; the page is not written")
    told = reader.parse_args()
    rows = [row for row in matrix() if told.only is None or told.only in row.name]
    with tempfile.TemporaryDirectory() as folder:
        found = outcomes(rows, House(Path(folder)))
    return any(each.why and each.ran for each in found)


if __name__ == "__main__":
    sys.exit(main())
