"""Fixtures of the Kubernetes double, for any test module: `pytest_plugins = ["tests.doubles.kube_fixtures"]`.

One server a test process (each xdist worker has its own port and CA), as new for every test.
"""

from collections.abc import Iterator

import pytest

from .kubernetes import KubeDouble


@pytest.fixture(scope="session")
def kube_server() -> Iterator[KubeDouble]:
    """The server. Tests use `kube`."""
    double = KubeDouble().start()
    yield double
    double.stop()


@pytest.fixture
def kube(kube_server: KubeDouble) -> KubeDouble:
    """A cluster as new, with its API server."""
    kube_server.reset()
    return kube_server
