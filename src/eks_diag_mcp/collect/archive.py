"""Collector `archive`: bundles that already lie in a folder; the newest one of an instance is taken."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadInput, Unavailable
from ..naming import ArchiveName
from ..quoting import one_line
from .model import Ask, Carrier, Collection, Fetched


def file_digest(path: Path) -> str:
    """The digest of an archive's bytes, as the library names bundles."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ArchiveFolder:
    """A folder of tarballs (`--archives DIR`, EKS_DIAG_ARCHIVES)."""

    folder: Path | None
    via = "archive"

    def instances(self) -> list[str]:
        """The instances that the file names tell of, sorted."""
        return sorted({name for path in self._files() if (name := ArchiveName.parse(path.name).instance_id)})

    def _files(self) -> list[Path]:
        if self.folder is None:
            return []
        try:
            return sorted(p for p in self.folder.iterdir() if p.name.endswith(".tar.gz") and p.is_file())
        except OSError as error:
            why = one_line(error.strerror or type(error).__name__, 80)
            raise Unavailable(f"The archives folder cannot be read: {why}.", "Check --archives or EKS_DIAG_ARCHIVES.") from error

    def of(self, instance_id: str) -> list[Path]:
        """The bundles of an instance, the newest first: by the time in the name, else by the file's own."""
        found = [p for p in self._files() if ArchiveName.parse(p.name).instance_id == instance_id]
        return sorted(found, key=_age, reverse=True)

    def newest(self, instance_id: str) -> Path:
        """The bundle to take. BadInput lists the instances at hand."""
        if self.folder is None:
            raise Unavailable(
                "No source of log bundles is configured.",
                "Start the server with --archives DIR (a folder of eks_<instance id>_*.tar.gz), or use `eks-diag-mcp ingest FILE`.",
            )
        found = self.of(instance_id)
        if not found:
            known = ", ".join(self.instances()[:20]) or "none"
            raise BadInput(f"The archives folder holds no bundle of {instance_id!r}.", f"Instances there: {known}.")
        return found[0]

    @staticmethod
    def is_ours(execution_id: str) -> bool:
        """Has the id the form archive-<digest>-<instance>?"""
        head, _, rest = execution_id.partition("-")
        digest, _, instance_id = rest.partition("-")
        return head == "archive" and len(digest) == 32 and bool(instance_id)

    # ---- as a collector -------------------------------------------------------------------------------------------------
    def start(self, ask: Ask) -> Collection:
        """The newest archive of the instance, ready at once."""
        return _ready(f"{self.via}-{file_digest(self.newest(ask.instance_id))}-{ask.instance_id}", ask.instance_id)

    def poll(self, execution_id: str) -> Collection:
        """Ready, where the id is one of ours."""
        _, instance_id = _read(execution_id)
        return _ready(execution_id, instance_id)

    def fetch(self, collection: Collection, folder: Path, carrier: Carrier) -> Fetched:
        """Where the archive lies."""
        digest, instance_id = _read(collection.execution_id)
        for path in self.of(instance_id):
            carrier.checkpoint()
            if file_digest(path) == digest:
                return Fetched(path, instance_id)
        raise BadInput("The archive of that executionId is gone.", f'Call collect(instanceId="{instance_id}") again.')


def _read(execution_id: str) -> tuple[str, str]:
    _, _, rest = execution_id.partition("-")
    digest, _, instance_id = rest.partition("-")
    if len(digest) != 32 or not instance_id:
        raise BadInput(f"Unknown executionId {execution_id[:80]!r}.", "Use the executionId that collect returned.")
    return digest, instance_id


def _ready(execution_id: str, instance_id: str) -> Collection:
    return Collection(execution_id, "archive", instance_id, "ready", "Success", progress=1.0, poll_after_s=2)


def _age(path: Path) -> tuple[float, str]:
    date = ArchiveName.parse(path.name).date
    return (date.timestamp() if date else path.stat().st_mtime, path.name)
