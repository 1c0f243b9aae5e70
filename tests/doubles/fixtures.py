"""pytest fixtures of the doubles. Import them where they are needed: `from tests.doubles.fixtures import aws_double, aws_server`."""

from collections.abc import Iterator

import pytest

from .aws import AwsDouble


@pytest.fixture(scope="session")
def aws_server() -> Iterator[AwsDouble]:
    """The running double; one a test process, on ports of its own."""
    double = AwsDouble().start()
    yield double
    double.stop()


@pytest.fixture
def aws_double(aws_server: AwsDouble) -> Iterator[AwsDouble]:
    """The double with nothing in it. Fails the test when an answer was none that the model allows."""
    aws_server.reset()
    yield aws_server
    if aws_server.breaches:
        pytest.fail("No real service would answer so:\n" + "\n".join(aws_server.breaches))
