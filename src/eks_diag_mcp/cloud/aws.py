"""AWS by boto3: one factory of clients, one way to call them. Endpoints come from the environment only (AWS_ENDPOINT_URL*)."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..config import Settings
from ..errors import BadInput, Unreachable
from .aws_faults import client_fault, transport_fault


@dataclass(frozen=True, slots=True)
class AwsConfig:
    """How AWS is called. `regions` are those that may be asked; `region` is the default and always among them."""

    region: str | None = None
    regions: frozenset[str] = frozenset()
    max_attempts: int = 5
    connect_timeout_s: float = 3
    read_timeout_s: float = 20

    @classmethod
    def of(cls, settings: Settings) -> "AwsConfig":
        """As the settings say."""
        return cls(
            region=settings.region,
            regions=settings.regions,
            max_attempts=settings.aws_max_attempts,
            read_timeout_s=settings.aws_read_timeout_s,
        )


class Aws:
    """Calls AWS. Safe to share between threads: clients are, and sessions are only touched under the lock."""

    def __init__(self, config: AwsConfig) -> None:
        self.config = config
        self._lock = threading.RLock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._accounts: dict[str, str] = {}
        self._made: Any = None

    @property
    def session(self) -> Any:
        """The boto3 session: credentials and profile as boto3 finds them in the environment."""
        import boto3
        from botocore.exceptions import BotoCoreError

        with self._lock:
            if self._made is None:
                try:
                    self._made = boto3.session.Session()
                except BotoCoreError as error:
                    raise transport_fault(error, "sts", "Session") from error
            return self._made

    def region(self, asked: str | None) -> str:
        """The region to ask: the one asked for if it is allowed, else the default. BadInput lists the allowed ones."""
        allowed = {*self.config.regions, *([self.config.region] if self.config.region else [])}
        region = (asked or self.config.region or "").strip().lower()
        listed = ", ".join(sorted(allowed)) or "none configured"
        if not region:
            raise BadInput("No AWS region is known.", "Pass region, or start the server with EKS_DIAG_REGION or AWS_REGION.")
        if allowed and region not in allowed:
            raise BadInput(
                f"This server may not ask region {region[:40]!r}.", f"Allowed: {listed}. EKS_DIAG_REGIONS on the server adds more."
            )
        if not self.partition(region):
            raise BadInput(f"{region[:40]!r} is no AWS region.", f"Allowed: {listed}.")
        return region

    def partition(self, region: str) -> str:
        """aws, aws-cn, aws-us-gov ...; empty where no partition has such a region (botocore's endpoint data)."""
        from botocore.exceptions import UnknownRegionError

        try:
            return str(self.session.get_partition_for_region(region))
        except UnknownRegionError:
            return ""

    def dns_suffix(self, region: str) -> str:
        """amazonaws.com, amazonaws.com.cn ... by the region's partition (botocore's table of partitions)."""
        from botocore.loaders import create_loader

        partition = self.partition(region)
        rows = create_loader().load_data("partitions")["partitions"]
        return next((str(row["outputs"]["dnsSuffix"]) for row in rows if row["id"] == partition), "amazonaws.com")

    def client(self, service: str, region: str) -> Any:
        """A boto3 client. S3 signs by SigV4 for the region's own host: SigV2 URLs fail with SSE-KMS."""
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        key = (service, region)
        with self._lock:
            if key not in self._clients:
                config = Config(
                    retries={"mode": "standard", "total_max_attempts": self.config.max_attempts},
                    connect_timeout=self.config.connect_timeout_s,
                    read_timeout=self.config.read_timeout_s,
                    max_pool_connections=16,
                    user_agent_extra=f"eks-diag-mcp/{__version__}",
                    signature_version="s3v4" if service == "s3" else None,
                    s3={"us_east_1_regional_endpoint": "regional"} if service == "s3" else None,
                )
                try:
                    self._clients[key] = self.session.client(service, region_name=region, config=config)
                except (BotoCoreError, ValueError) as error:
                    raise _fault(error, service, "client") from error
            return self._clients[key]

    def call(self, service: str, operation: str, region: str, **arguments: Any) -> dict[str, Any]:
        """One operation ("describe_instances") in one region. Raises Denied, NotThere, Throttled, NoCredentials,
        Unreachable, BadInput or Unavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.client(service, region)
        name = str(client.meta.method_to_api_mapping[operation])
        try:
            answer: dict[str, Any] = getattr(client, operation)(**arguments)
            return answer
        except (ClientError, BotoCoreError) as error:
            raise _fault(error, service, name) from error

    def pages(self, service: str, operation: str, region: str, key: str, *, most: int = 5000, **arguments: Any) -> Iterator[Any]:
        """The items under `key` of all pages of an operation, at most `most` of them."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.client(service, region)
        name = str(client.meta.method_to_api_mapping[operation])
        left = most
        try:
            for page in client.get_paginator(operation).paginate(**arguments):
                for item in page.get(key) or ():
                    if not left:
                        return
                    left -= 1
                    yield item
        except (ClientError, BotoCoreError) as error:
            raise _fault(error, service, name) from error

    def chunks(self, body: Any, size_bytes: int = 16 << 10) -> Iterator[bytes]:
        """A streamed body. Ends early, without an error, where the connection breaks: the caller counts."""
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        try:
            yield from body.iter_chunks(size_bytes)
        except (BotoCoreError, HTTPError, OSError):
            return
        finally:
            body.close()

    def whole(self, body: Any, size_bytes: int, operation: str) -> bytes:
        """A streamed body of that size as bytes. Unreachable where it is cut or its checksum is another one."""
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        try:
            data = bytes(body.read())
        except (BotoCoreError, HTTPError, OSError) as error:
            raise _cut(operation) from error
        finally:
            body.close()
        if len(data) != size_bytes:
            raise _cut(operation)
        return data

    def presigned_put(self, region: str, bucket: str, key: str, expires_s: int) -> str:
        """A URL that lets its holder write one object. SigV4 on the region's own host; never to be shown."""
        url = self.client("s3", region).generate_presigned_url(
            "put_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=expires_s, HttpMethod="PUT"
        )
        return str(url)

    def account(self, region: str) -> str:
        """The account of the server's credentials: for ownership checks only, never for an answer."""
        if region not in self._accounts:
            self._accounts[region] = str(self.call("sts", "get_caller_identity", region)["Account"])
        return self._accounts[region]


def _cut(operation: str) -> Unreachable:
    return Unreachable(f"The answer to s3:{operation} was cut off or garbled on its way.", "Make the same call again.")


def _fault(error: Exception, service: str, name: str) -> Exception:
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return client_fault(error, service, name)
    if isinstance(error, BotoCoreError):
        return transport_fault(error, service, name)
    return BadInput(f"{service}:{name} cannot be asked ({type(error).__name__}).", "Check the region and the endpoint settings.")


def tags(item: Mapping[str, Any], key: str = "Tags") -> dict[str, str]:
    """AWS's list of Key/Value pairs as a dictionary."""
    return {str(t.get("Key")): str(t.get("Value", "")) for t in item.get(key) or ()}
