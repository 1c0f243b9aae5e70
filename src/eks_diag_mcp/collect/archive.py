"""Collector `archive`: bundles that already lie in a folder; the newest one of an instance is taken."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import BadInput, Unavailable
from ..naming import ArchiveName


@dataclass(frozen=True, slots=True)
class ArchiveFolder:
    """A folder of tarballs (`--archives DIR`, EKS_DIAG_ARCHIVES)."""

    folder: Path | None

    def instances(self) -> list[str]:
        """The instances that the file names tell of, sorted."""
        return sorted({name for path in self._files() if (name := ArchiveName.parse(path.name).instance_id)})

    def _files(self) -> list[Path]:
        if self.folder is None:
            return []
        try:
            return sorted(p for p in self.folder.iterdir() if p.name.endswith(".tar.gz") and p.is_file())
        except OSError as error:
            raise Unavailable(
                f"The archives folder cannot be read ({type(error).__name__}).", "Check --archives or EKS_DIAG_ARCHIVES."
            ) from error

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


def _age(path: Path) -> tuple[float, str]:
    date = ArchiveName.parse(path.name).date
    return (date.timestamp() if date else path.stat().st_mtime, path.name)
