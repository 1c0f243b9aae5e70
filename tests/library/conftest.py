"""Libraries in a bucket of the AWS double, as servers open them: each with a mirror of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eks_diag_mcp.bundle.library import Library
from eks_diag_mcp.bundle.object_home import ObjectHome
from eks_diag_mcp.cloud.aws import Aws, AwsConfig
from eks_diag_mcp.cloud.s3_store import S3Store

from ..bundle.conftest import RULES, Room, compiled, room
from ..doubles.aws import AwsDouble
from ..doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server", "compiled", "room"]

NODE = "i-0123456789abcdef0"
PREFIX = "team/logs"


@dataclass
class Cloud:
    """A bucket, and the servers that keep their library in it."""

    aws: AwsDouble
    bucket: str
    folder: Path
    compiled: Path
    servers: int = 0

    def store(self) -> S3Store:
        """The library's part of the bucket."""
        told = Aws(AwsConfig(region=self.aws.region, max_attempts=2, read_timeout_s=5))
        return S3Store(told, self.aws.region, self.bucket, PREFIX)

    def home(self, **how: Any) -> ObjectHome:
        """The home as a server sees it that has just started on a new machine."""
        self.servers += 1
        return ObjectHome(self.store(), self.folder / f"mirror-{self.servers}", **how)

    def library(self, **how: Any) -> Library:
        """The library of such a server."""
        return Library(self.home(**how), lambda: (RULES, "test"), patterns=self.compiled)

    def names(self) -> list[str]:
        """All keys of the bucket."""
        s3 = self.aws.client("s3")
        return sorted(
            o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket) for o in page.get("Contents", ())
        )

    def overwrite(self, suffix: str, change: Callable[[bytes], bytes]) -> None:
        """Somebody else writes the object whose key ends so."""
        [key] = [key for key in self.names() if key.endswith(suffix)]
        s3 = self.aws.client("s3")
        s3.put_object(Bucket=self.bucket, Key=key, Body=change(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()))


@pytest.fixture
def cloud(aws_double: AwsDouble, tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The bucket; boto3 in this process is led to the double by the environment, as a server process would be."""
    for name, value in aws_double.aws_env().items():
        monkeypatch.setenv(name, value)
    return Cloud(aws_double, aws_double.world.bucket("library", versioned=False), tmp_path / "machines", compiled)


@pytest.fixture
def archive(room: Room) -> Path:
    """A log bundle of NODE that has a finding and two large logs."""
    from .test_bucket import FILES

    return room.put(FILES)
