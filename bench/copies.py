"""A stored bundle under another name, so that a library of many takes neither time nor room."""

import json

from eks_diag_mcp.bundle.bundle import Bundle


def copied(bundle: Bundle, instance: str, digest: str) -> None:
    """The bundle again, as another node's, in the same library: the files are linked."""
    folder = bundle.folder.parent.parent / f"instance={instance}" / f"bundle={digest}"
    for path in bundle.folder.rglob("*.parquet"):
        target = folder / path.relative_to(bundle.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(path)
    told = json.loads(bundle.manifest.dump()) | {"instance_id": instance, "digest": digest}
    (folder / "manifest.json").write_text(json.dumps(told))
