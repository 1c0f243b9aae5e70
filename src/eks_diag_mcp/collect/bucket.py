"""The bucket of collected bundles: is it safe to write to, which object is the node's, and bringing it here.

Anyone who may write to the bucket can put an object under another node's name, so an object is taken only if it was
written after the collection began, and then pinned by ETag and version (threats.md 18)."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..cloud.aws import Aws
from ..errors import BadBundle, Denied, DiagError, NotThere, Unavailable, Unreachable
from ..naming import ArchiveName
from .model import Carrier

MAX_BUNDLE_BYTES = 4 << 30
_PART_BYTES = 8 << 20
_CLOCKS_APART = timedelta(minutes=2)
"""How far S3's clock and SSM's may differ; both are AWS's own."""
_EVERYONE = "http://acs.amazonaws.com/groups/global/"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One archive in the bucket, pinned."""

    key: str
    etag: str
    size: int
    written: datetime
    version: str | None = None

    @property
    def provenance(self) -> dict[str, str]:
        """What is kept of it beside the bundle."""
        told = {"key": self.key, "etag": self.etag, "written": self.written.isoformat(), "size": str(self.size)}
        return told | ({"version": self.version} if self.version else {})


class LogBucket:
    """The bucket (`EKS_DIAG_BUCKET`). Every call names the account that must own it: a bucket of the same name in another
    account is refused by S3."""

    def __init__(self, aws: Aws, name: str | None) -> None:
        self.aws, self._name = aws, name

    @property
    def name(self) -> str:
        """The bucket's name. Unavailable where none is configured."""
        if not self._name:
            raise Unavailable(
                "No bucket for log bundles is configured.", 'Set EKS_DIAG_BUCKET (deploy/ makes one), or use via="archive".'
            )
        return self._name

    def _call(self, operation: str, region: str, **arguments: Any) -> dict[str, Any]:
        owner = self.aws.account(region)
        try:
            return self.aws.call("s3", operation, region, Bucket=self.name, ExpectedBucketOwner=owner, **arguments)
        except Denied as error:
            raise Denied(
                error.message.rstrip(".") + ", or the bucket belongs to another account.", error.next_step, action=error.action
            ) from error

    def check(self, region: str) -> tuple[str, ...]:
        """Refuses a bucket that is public or not ours. Returns notes about checks that could not be made."""
        notes = []
        try:
            self._call("head_bucket", region)
        except NotThere as error:
            raise Unavailable("The bucket for log bundles does not exist.", "Check EKS_DIAG_BUCKET; deploy/ makes one.") from error
        try:
            if (self._call("get_bucket_policy_status", region).get("PolicyStatus") or {}).get("IsPublic"):
                raise _public("its policy")
        except NotThere:
            pass  # no policy, so none that opens it
        except Denied as error:
            notes.append(f"whether the bucket's policy is public was not checked: {error.message}")
        try:
            grants = self._call("get_bucket_acl", region).get("Grants") or []
            if any(str((g.get("Grantee") or {}).get("URI", "")).startswith(_EVERYONE) for g in grants):
                raise _public("its ACL")
        except Denied as error:
            notes.append(f"whether the bucket's ACL is public was not checked: {error.message}")
        return tuple(notes)

    # ---- finding --------------------------------------------------------------------------------------------------------
    def archives(self, region: str, prefix: str) -> Iterator[StoredObject]:
        """All archives under a prefix, pinned by ETag."""
        owner = self.aws.account(region)
        listed = self.aws.pages(
            "s3", "list_objects_v2", region, "Contents", Bucket=self.name, Prefix=prefix, ExpectedBucketOwner=owner
        )
        for item in listed:
            if str(item["Key"]).endswith(".tar.gz"):
                yield StoredObject(str(item["Key"]), str(item["ETag"]), int(item["Size"]), item["LastModified"])

    def of_instance(self, region: str, instance_id: str) -> list[StoredObject]:
        """The archives whose keys name the instance (bundle-format 3.2), the newest written first."""
        found = [
            o
            for start in ("eks_", "ecs_")
            for o in self.archives(region, f"{start}{instance_id}_")
            if ArchiveName.parse(o.key).instance_id == instance_id
        ]
        return sorted(found, key=lambda o: (o.written, o.key), reverse=True)

    def of_execution(self, region: str, instance_id: str, execution: str, since: datetime | None) -> StoredObject | None:
        """The archive that an automation left: by its id in the key, else the newest one written since it began.
        BadBundle where the only one under its id is older than the automation itself."""
        found = self.of_instance(region, instance_id)
        fresh = [o for o in found if since is None or o.written >= since - _CLOCKS_APART]
        named = [o for o in found if ArchiveName.parse(o.key).execution == execution]
        if named and not set(named) & set(fresh):
            raise BadBundle(
                "An object lies under this collection's name that was written before the collection began.",
                "Check who may write to the bucket, remove it, and collect again.",
            )
        unnamed = [o for o in fresh if ArchiveName.parse(o.key).execution is None]
        chosen = next((o for o in named if o in fresh), None) or next(iter(unnamed), None)
        return self.pinned(region, chosen.key) if chosen else None

    def pinned(self, region: str, key: str) -> StoredObject | None:
        """One object as it is now, with its version; None where there is none."""
        try:
            head = self._call("head_object", region, Key=key)
        except NotThere:
            return None
        version = str(head.get("VersionId") or "")
        return StoredObject(
            key,
            str(head["ETag"]),
            int(head["ContentLength"]),
            head["LastModified"],
            version if version not in ("", "null") else None,
        )

    # ---- bringing it here -----------------------------------------------------------------------------------------------
    def download(self, region: str, stored: StoredObject, folder: Path, name: str, carrier: Carrier) -> Path:
        """The object's bytes as folder/name. Goes on where an earlier try stopped; a changed object is refused."""
        if stored.size > MAX_BUNDLE_BYTES:
            raise BadBundle(f"The bundle has {stored.size} bytes, more than {MAX_BUNDLE_BYTES}.", "Look at it by hand.")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(folder).free < stored.size + (256 << 20):
            raise Unavailable("The disk of the store is too full for the download.", "Free some space (see docs/operations.md).")
        mark = hashlib.sha256(f"{self.name}\0{stored.key}\0{stored.etag}\0{stored.version}".encode()).hexdigest()[:24]
        part = folder / f"{mark}.part"
        with open(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
            done = file.seek(0, os.SEEK_END)
            while done < stored.size:
                carrier.checkpoint()
                done += self._piece(region, stored, file, done)
                carrier.progress(done, stored.size)
        final = folder / mark / name
        final.parent.mkdir(exist_ok=True, mode=0o700)
        os.replace(part, final)
        return final

    def _piece(self, region: str, stored: StoredObject, file: Any, start: int) -> int:
        """The next bytes from `start` on, written to the file; what came before a break stays."""
        last = min(start + _PART_BYTES, stored.size) - 1
        pin = {"VersionId": stored.version} if stored.version else {}
        try:
            answer = self._call("get_object", region, Key=stored.key, IfMatch=stored.etag, Range=f"bytes={start}-{last}", **pin)
        except DiagError as error:
            if "PreconditionFailed" in error.message or "412" in error.message:
                raise BadBundle(
                    "The object changed while it was fetched.", "Collect again; check who may write to the bucket."
                ) from error
            raise
        got = 0
        for chunk in self.aws.chunks(answer["Body"]):
            file.write(chunk)
            got += len(chunk)
        if got != last - start + 1:
            file.truncate(start + got)
            raise Unreachable("The download broke off.", "Call status again: it goes on where it stopped.")
        return got


def _public(how: str) -> Unavailable:
    return Unavailable(
        f"The bucket for log bundles is public by {how}; node logs hold secrets.",
        "Block public access to it (deploy/ does), then collect again.",
    )
