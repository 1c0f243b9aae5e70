"""`make clients`: every client walks D1 on the real server, then the conformance suites; docs/clients.md is what came of it."""

import argparse
import sys
import tempfile
from pathlib import Path

from .conformance.suite import verdicts
from .house import SCENARIO, House
from .page import write
from .run import matrix, outcomes


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--only", help="clients whose name holds this; the page is not written")
    told = reader.parse_args()
    rows = [row for row in matrix() if told.only is None or told.only in row.name]
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        found = outcomes(rows, house)
        suites = [] if told.only else verdicts(house)
        if not told.only:
            write(found, suites, house.folder, SCENARIO, str(house.expected))
    return any(each.why and each.ran for each in found) or any(each.unexpected for each in suites)


if __name__ == "__main__":
    sys.exit(main())
