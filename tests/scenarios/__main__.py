"""python -m tests.scenarios [NAME|all OUTDIR]: write a scenario's archive; without arguments, list them."""

import sys

from .bundle import about, load, names
from .describe import BadScenario


def main(arguments: list[str]) -> int:
    if not arguments:
        print("\n".join(about(load(name)) for name in names()))
        return 0
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    wanted, folder = arguments
    try:
        for name in names() if wanted == "all" else [wanted]:
            print(load(name).write(folder))
    except BadScenario as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
