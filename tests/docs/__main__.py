"""Writes the output of the pages' transcripts anew: python -m tests.docs"""

import tempfile
from pathlib import Path

from .transcripts import pages, prepared, rerun

if __name__ == "__main__":
    for page in pages():
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(rerun(page.read_text(encoding="utf-8"), Path(folder), prepared(Path(folder))), encoding="utf-8")
        print(page.name)
