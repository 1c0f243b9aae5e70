"""Shared by all tests: an App on an empty library, and the scenario bundles admitted once a session."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.config import Settings

from . import scenarios

PATTERNS = Path(tempfile.gettempdir()) / "eks-diag-mcp-test-patterns"
"""Compiled pattern databases of all tests, by digest: making one takes seconds, and every fresh library would."""


@pytest.fixture(scope="session")
def shared_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One library for all scenario tests of a worker: compiled patterns are kept in it."""
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="session")
def app(shared_library: Path, tmp_path_factory: pytest.TempPathFactory) -> App:
    """An App with an archives folder that scenarios can be written to."""
    return App(Settings(library=shared_library, patterns=PATTERNS, archives=tmp_path_factory.mktemp("archives")))


@pytest.fixture(scope="session")
def scenario_bundle(app: App) -> Iterator[Callable[[str], Bundle]]:
    """name -> the admitted bundle of that scenario."""
    known: dict[str, Bundle] = {}

    def admit(name: str) -> Bundle:
        if name not in known:
            assert app.settings.archives is not None
            path = scenarios.load(name).write(app.settings.archives)
            known[name] = app.library.admit(path, now=app.now, wall=app.wall())
        return known[name]

    yield admit
