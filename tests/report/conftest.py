"""Reports of scenario nodes, and of one whose logs try to be more than text."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.report.page import Page, page
from eks_diag_mcp.report.pinned import PinnedRoom

from .. import scenarios
from ..scenarios.bundle import pack

MADE = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOSTILE = (
    "</pre><script>document.title='owned'</script><img src=x onerror=document.title='owned'> "
    "[click](https://evil.example/) ``` `~|~ \x1b[31mred\x1b[0m \u202eesrever\u202c"
)
"""What a pod could write into a log: markup, a link, fences, colours, a change of writing direction."""


@pytest.fixture(scope="session")
def hostile_bundle(app: App, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The node with the full subnet, with HOSTILE in the very lines that its verdict quotes."""
    scenario = scenarios.load("subnet-exhausted")
    json_text = HOSTILE.replace("\x1b", "\\u001b").replace("\u202e", "\\u202e").replace("\u202c", "\\u202c")
    clean, files = scenario.files(), {}
    for name, data in clean.items():
        dirty = HOSTILE if name.startswith(("containerd/", "kubelet/")) else json_text
        files[name] = data.replace(b"failed (add): ", f"failed (add): {dirty} ".encode()).replace(
            b"The specified subnet", f"{json_text} The specified subnet".encode()
        )
    assert sum(files[name] != data for name, data in clean.items()) >= 2
    path = tmp_path_factory.mktemp("hostile") / scenario.archive_name
    path.write_bytes(pack(files, scenario.captured))
    return app.library.admit(path, now=app.now, wall=app.wall())


@pytest.fixture(scope="session")
def page_of(app: App, scenario_bundle: Callable[[str], Bundle]) -> Callable[..., Page]:
    """page_of(scenario or bundle, ...) -> the report about them."""
    known: dict[tuple[str, ...], Page] = {}

    def make(*nodes: "str | Bundle") -> Page:
        bundles = [scenario_bundle(n) if isinstance(n, str) else n for n in nodes]
        names = tuple(b.digest for b in bundles)
        if names not in known:
            known[names] = page(PinnedRoom(app, pinned={b.digest: b for b in bundles}), names, MADE, "1.2.3")
        return known[names]

    return make
