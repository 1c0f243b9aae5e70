"""`make conformance`: the protocol's own suites on our server. Fails on any failure, or pass, that is not expected."""

import argparse
import sys
import tempfile
from pathlib import Path

from ..house import House
from ..page import write_conformance
from .suite import verdicts


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--write", action="store_true", help="the section of docs/clients.md, too")
    told = reader.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = verdicts(House(Path(folder)))
    if told.write:
        write_conformance(found)
    return any(each.unexpected for each in found)


if __name__ == "__main__":
    sys.exit(main())
