"""A process of its own that admits an archive to a library in a bucket:
`python -m tests.library.worker BUCKET PREFIX MIRROR PATTERNS ARCHIVE`. It says `read` when all is read and written on this
machine, waits for a line on stdin, and then publishes. At the end it says the bundle's digest."""

import os
import sys
from pathlib import Path

from eks_diag_mcp.bundle.home import Place
from eks_diag_mcp.bundle.library import Library
from eks_diag_mcp.bundle.object_home import ObjectHome
from eks_diag_mcp.cloud.aws import Aws, AwsConfig
from eks_diag_mcp.cloud.s3_store import S3Store

from ..bundle.conftest import RULES, WALL


class WaitingHome(ObjectHome):
    """Publishes when it is told to."""

    def publish(self, draft: Path, place: Place) -> bool:
        print("read", flush=True)
        sys.stdin.readline()
        return super().publish(draft, place)


def main() -> None:
    bucket, prefix, mirror, patterns, archive = sys.argv[1:]
    region = os.environ["AWS_REGION"]
    store = S3Store(Aws(AwsConfig(region=region)), region, bucket, prefix)
    library = Library(WaitingHome(store, Path(mirror)), lambda: (RULES, "test"), patterns=Path(patterns))
    print(library.admit(Path(archive), now=lambda: 0.0, wall=WALL).digest, flush=True)


if __name__ == "__main__":
    main()
