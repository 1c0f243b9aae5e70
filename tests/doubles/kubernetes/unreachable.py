"""An address that takes no connections and refuses none: what a private endpoint looks like from outside its VPC."""

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def unreachable_endpoint() -> Iterator[str]:
    """A loopback address whose queue of connections is full, so that a connect hangs until the client gives up."""
    with contextlib.ExitStack() as held:
        full = held.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(2):  # one more than the queue holds; they are never accepted
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield f"https://127.0.0.1:{full.getsockname()[1]}"
