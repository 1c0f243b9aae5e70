"""Three nodes of two clusters in one library, and Dask clusters to ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.tools.room import Room

from .. import scenarios
from ..conftest import PATTERNS
from .dask_cluster import Cluster, started

NODES = {"subnet-exhausted": "blue", "eni-limit": "blue", "healthy-1-20": "green", "iam": None}
"""Scenario -> the cluster that the node's collector proved."""


@dataclass(frozen=True)
class Fleet:
    """A library with those nodes. `ids`: instance by scenario."""

    app: App
    ids: dict[str, str]

    @property
    def room(self) -> Room:
        return Room(self.app)


def admitted(folder: Path, nodes: dict[str, str | None]) -> Fleet:
    app = App(Settings(library=folder / "library", patterns=PATTERNS))
    ids = {}
    for name, cluster in nodes.items():
        archive = scenarios.load(name).write(folder / "archives")
        told = {"cluster": cluster} if cluster else {}
        ids[name] = app.library.admit(archive, now=app.now, wall=app.wall(), via="node", provenance=told).instance_id
    return Fleet(app, ids)


@pytest.fixture(scope="session")
def four(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """Read-only: shared by the tests."""
    return admitted(tmp_path_factory.mktemp("four"), NODES)


@pytest.fixture(scope="session")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two workers that no test kills."""
    cluster = started(tmp_path_factory.mktemp("dask"), 2)
    yield cluster
    cluster.close()
