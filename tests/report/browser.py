"""Headless Chromium by its command line: what a page becomes in a real browser. Nothing is fetched from anywhere."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
_FLAGS = (
    *["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    *["--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage"],
    "--disable-features=IsolateSandboxedIframes",  # a frame in another process is not waited for
    "--virtual-time-budget=4000",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever a page would ask for, no name resolves
)
HOST = Path(__file__).with_name("host.html")


def _run(page: Path, folder: Path, *flags: str) -> str:
    assert CHROMIUM is not None
    profile = folder / "profile"
    command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=env)
    shutil.rmtree(profile, ignore_errors=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def dom(page: Path, folder: Path) -> str:
    """The document as it is after its scripts have run."""
    return _run(page, folder, "--dump-dom")


def picture(page: Path, folder: Path, size: str, *, dark: bool = False) -> bytes:
    """A screenshot (PNG) of the top of the page."""
    path = folder / "shot.png"
    scheme = ("--blink-settings=preferredColorScheme=0",) if dark else ()
    _run(page, folder, f"--screenshot={path}", f"--window-size={size}", *scheme)
    return path.read_bytes()


def hosted(document: str, answer: dict[str, Any], *, theme: str = "light", sandbox: bool = False, whole: bool = False) -> str:
    """A page that holds the view in a frame and plays the host for it, handing over `answer` as the tool's result (as its
    structured content, or as the `whole` result)."""
    result = answer if whole else {"content": [{"type": "text", "text": "see the data"}], "structuredContent": answer}
    page = HOST.read_text(encoding="utf-8").replace("THEME", theme).replace("SANDBOX", 'sandbox="allow-scripts"' if sandbox else "")
    return page.replace("RESULT", _script(result)).replace("DOCUMENT", _script(document))


def framed(document: str, width: int) -> str:
    """A page that holds the document in a frame of that width and notes in `data-wide` how wide it becomes."""
    return f"""<!doctype html><html><body><iframe id="f" style="border:0;width:{width}px;height:600px"></iframe><script>
const f = document.getElementById("f"); f.onload = () => {{ f.dataset.wide = f.contentDocument.documentElement.scrollWidth; }};
f.srcdoc = {_script(document)};</script></body></html>"""


def _script(value: Any) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(value).replace("<", "\\u003c")


def shown_in(dumped: str) -> tuple[list[str], str]:
    """Of a hosting page that was dumped: the methods the view called, and the view's own document."""
    said, inner = (re.search(rf'<pre id="{name}"[^>]*>(.*?)</pre>', dumped, re.S) for name in ("said", "dom"))
    assert said and inner
    return said[1].split(), html.unescape(inner[1])
