"""A child process that admits a bundle twice, so that first-time costs and peak memory are its own."""

import json
import subprocess
import sys
from pathlib import Path

_CODE = """
import json, resource, shutil, sys, time
from datetime import datetime, UTC
from pathlib import Path
from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
bundle, folder = Path(sys.argv[1]), Path(sys.argv[2])
out = {}
cache = folder.parent / 'patterns'
for name in ('first_s', 'second_s'):
    library = folder / name
    if cache.exists():
        shutil.copytree(cache, library / 'v1' / 'patterns')
    app = App(Settings(library=library))
    started = time.perf_counter()
    app.library.admit(bundle, now=time.monotonic, wall=datetime.now(UTC))
    out[name] = time.perf_counter() - started
    if not cache.exists():
        shutil.copytree(library / 'v1' / 'patterns', cache)
out['peak_mb'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(out))
"""


def run_child(bundle: Path, folder: Path) -> dict[str, float]:
    """first_s, second_s, peak_mb. The compiled patterns are taken from the run before, as on a server that ran once."""
    run = subprocess.run([sys.executable, "-c", _CODE, bundle, folder], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found
