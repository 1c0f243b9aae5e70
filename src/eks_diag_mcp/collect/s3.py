"""Collector `s3`: bundles that already lie in the log bucket, as the runbook, the node's agent or the collector script
left them there (bundle-format 3.2). For nodes that are gone, and for buckets filled by other tools with the same keys.

An execution id is s3:<region>:<instance>:<first digits of the object's ETag>."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..cloud.aws import Aws
from ..errors import BadInput, Unavailable
from ..naming import INSTANCE, ArchiveName
from .bucket import LogBucket, StoredObject
from .model import Ask, Carrier, Collection, Fetched, parts
from .target import target_of

_ETAG_DIGITS = 12


class S3Collector:
    """The newest bundle of an instance in the bucket. Keys stand at its root, or under the node agent's prefix."""

    via = "s3"

    def __init__(self, aws: Aws, bucket: LogBucket, prefix: str, clusters: Mapping[str, str | None]) -> None:
        self.aws, self.bucket, self.clusters = aws, bucket, clusters
        self.prefix = prefix.strip("/")

    def start(self, ask: Ask) -> Collection:
        """The newest bundle, ready at once. BadInput where the bucket has none."""
        region = self.aws.region(ask.region or self.clusters.get(ask.cluster or ""))
        found = self.stored(region, ask.instance_id)
        if not found:
            raise BadInput(
                f"The log bucket holds no bundle of {ask.instance_id[:80]!r}.",
                'Collect one from the node: via="ssm" or via="node".',
            )
        ready = _ready(f"s3:{region}:{ask.instance_id}:{_mark(found[0])}", ask.instance_id, region)
        # the bucket does not say whose a bundle is; only what AWS said of the instance for this request does
        return replace(ready, cluster=target_of(self.aws, ask, region).proven(ask.cluster)) if ask.target else ready

    def stored(self, region: str, instance_id: str) -> list[StoredObject]:
        """All bundles of an instance or node in the bucket, the newest written first."""
        named = self.bucket.of_instance(region, instance_id) if INSTANCE.fullmatch(instance_id) else []
        agent = [o for o in self.bucket.archives(region, f"{self.prefix}/") if instance_id in o.key.split("/")]
        return sorted([*named, *agent], key=lambda o: (o.written, o.key), reverse=True)

    def poll(self, execution_id: str) -> Collection:
        """Ready, where the id is one of ours."""
        region, instance, _ = parts(execution_id, self.via, 4)
        return _ready(execution_id, instance, self.aws.region(region))

    def fetch(self, collection: Collection, folder: Path, carrier: Carrier) -> Fetched:
        """The object, pinned as it is now."""
        region, instance, mark = parts(collection.execution_id, self.via, 4)
        found = next((o for o in self.stored(region, instance) if _mark(o) == mark), None)
        stored = self.bucket.pinned(region, found.key) if found else None
        if stored is None or found is None or stored.etag != found.etag:
            raise Unavailable(
                "That bundle is gone from the bucket, or was written anew.",
                f'Call collect(instanceId="{instance}", via="s3") again.',
            )
        agent = stored.key.startswith(f"{self.prefix}/")
        name = f"{instance}-logs.tar.gz" if agent else stored.key.rpartition("/")[2]
        path = self.bucket.download(region, stored, folder, name, carrier)
        is_id = bool(INSTANCE.fullmatch(instance)) and ArchiveName.parse(name).instance_id == instance
        told = stored.provenance | {"execution": collection.execution_id, "region": region}
        return Fetched(path, instance if is_id else None, None if is_id else instance, told)


def _mark(stored: StoredObject) -> str:
    return "".join(c for c in stored.etag if c.isalnum())[:_ETAG_DIGITS]


def _ready(execution_id: str, instance: str, region: str) -> Collection:
    return Collection(execution_id, "s3", instance, "ready", "Success", region, progress=1.0, poll_after_s=2)
