"""The workers of a Dask cluster: the one file that knows Dask. It is imported where a scheduler's address is given.

A client lives as long as one question, so a scheduler that was restarted since is no trouble. Dask gives the tasks of a dead
worker to another one, and gives up a task that several workers died of."""

import contextlib
import queue
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import Unavailable, Unreachable
from .executor import LATE, POLL_S, Failure, Item, Result, Work, broken, guarded

if TYPE_CHECKING:
    from ..bundle.sweep import Halt

_CONNECT_S = 5.0
_CLOSE_S = 3.0
_FETCH_S = 10.0
_RETRIES = 1
"""How often work that failed by something unforeseen is tried again; what bundles lack is no such failure."""


class DaskFleet:
    """The cluster of one scheduler. `now` is a monotonic clock in seconds."""

    def __init__(self, address: str, now: Callable[[], float]) -> None:
        self._address, self._now = address, now

    def run(
        self, work: Work[Item, Result], items: Sequence[Item], check: "Halt", seconds: float
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """See Executor. Unreachable where no scheduler answers; one that is lost later leaves failures."""
        until = self._now() + seconds
        client = self._connected(min(_CONNECT_S, max(1.0, seconds)))
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        try:
            calls = [(work, item, __version__) for item in items]
            futures = client.map(on_worker, calls, pure=False, retries=_RETRIES)
            waiting = dict(zip(futures, items, strict=True))
            for future in futures:
                future.add_done_callback(done.put)
            while waiting and (left := until - self._now()) > 0:
                check()
                try:
                    future = done.get(timeout=min(POLL_S, left))
                except queue.Empty:
                    continue
                yield waiting.pop(future), self._result_of(future, max(POLL_S, until - self._now()))
            why = LATE if not waiting or client.scheduler_info()["workers"] else "the scheduler has no worker"
            for item in waiting.values():
                yield item, Failure(why)
        finally:
            with contextlib.suppress(OSError, TimeoutError):  # a scheduler that is gone has nothing left to cancel
                client.close(timeout=_CLOSE_S)

    def _connected(self, seconds: float) -> Any:
        try:
            import distributed
        except ImportError as error:
            raise Unavailable(
                "A Dask scheduler is configured, but Dask is not installed.", "Install eks-diag-mcp[fleet] here and on the workers."
            ) from error
        make: Any = distributed.Client  # not annotated
        secured: Any = distributed.Security  # by Dask's own settings
        if self._address.startswith("tls:") and secured().get_connection_args("client")["ssl_context"] is None:
            raise Unavailable(
                f"{self._address} speaks TLS, and Dask is told of no certificates.",
                "Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and __CLIENT__CERT (docs/fleet.md).",
            )
        try:
            return make(self._address, timeout=seconds, set_as_default=False, name="eks-diag-mcp")
        except (OSError, TimeoutError, ValueError) as error:
            raise Unreachable(
                f"No Dask scheduler answers at {self._address} ({type(error).__name__}).",
                "Start it, or leave --fleet and EKS_DIAG_FLEET out to search with this machine.",
            ) from error

    def _result_of(self, future: Any, seconds: float) -> Any:
        """What a future that ended came to."""
        from distributed import TimeoutError as Late
        from distributed.client import FutureCancelledError

        try:
            error = future.exception(timeout=min(_FETCH_S, seconds))
            found = future.result(timeout=min(_FETCH_S, seconds)) if error is None else None
        except FutureCancelledError:
            return Failure("the connection to the Dask scheduler was lost")
        except (OSError, Late):
            return Failure("its result could not be fetched from the worker")
        if error is None:
            return found
        if type(error).__name__ == "KilledWorker":
            return Failure("its workers died again and again")
        return broken(error)


def on_worker(call: tuple[Work[Any, Any], Any, str]) -> Any:
    """What a worker does."""
    work, item, version = call
    if version != __version__:
        return Failure(f"its worker runs version {__version__}, this server {version}")
    return guarded(work, item, lambda: None)
