"""`make conformance`: the protocol's own suites on our server. Fails on any failure, or pass, that is not expected."""

import sys
import tempfile
from pathlib import Path

from ..house import House
from .suite import verdicts


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        return any(each.unexpected for each in verdicts(House(Path(folder))))


if __name__ == "__main__":
    sys.exit(main())
