"""A lease kept as an object: written only where there is none, renewed only over its own etag. Times are by the clock of the
store itself, so that clocks of servers need not agree."""

import json
import socket
import threading
import uuid
from contextlib import suppress
from types import TracebackType

from ..errors import DiagError
from ..objects import ObjectStore
from .leases import STALE_S

_BEAT_S = 10.0


class ObjectLease:
    """A claim on one name. A holder that has not renewed it for STALE_S has died; the next one takes it over."""

    def __init__(self, objects: ObjectStore, name: str, beat_s: float = _BEAT_S) -> None:
        self._objects, self.name, self._beat_s = objects, name, beat_s
        self._claim, self._beats, self._etag = uuid.uuid4().hex, 0, ""
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def _text(self) -> bytes:
        """Different at each renewal: an etag tells contents, not writes."""
        self._beats += 1
        return json.dumps({"host": socket.gethostname(), "claim": self._claim, "beat": self._beats}).encode()

    def held_elsewhere(self) -> bool:
        """Another process holds it, and its heart beats."""
        found = self._objects.read(self.name)
        return not self._etag and found is not None and found.age_s < STALE_S

    def acquire(self) -> bool:
        """Take the lease; False when another process holds it, or was faster to take over a stale one."""
        if self._etag:
            return True
        found = self._objects.read(self.name)
        if found is None:
            etag = self._objects.put(self.name, self._text(), only_new=True)
        elif found.age_s < STALE_S:
            return False
        else:
            etag = self._objects.put(self.name, self._text(), match=found.etag)
        if etag is None:
            return False
        self._etag = etag
        threading.Thread(target=self._beat, name="lease", daemon=True).start()
        return True

    def renew(self) -> bool:
        """Say that the holder lives. False: it was taken over, since this process stood still for too long."""
        with self._lock:
            if self._etag:
                self._etag = self._objects.put(self.name, self._text(), match=self._etag) or ""
            return bool(self._etag)

    def _beat(self) -> None:
        while not self._stop.wait(self._beat_s):
            with suppress(DiagError):  # a passing fault: the next beat may come through
                if not self.renew():
                    return

    def release(self) -> None:
        """Give it back."""
        self._stop.set()
        with self._lock, suppress(DiagError):  # what stays behind is stale in a minute
            found = self._objects.read(self.name) if self._etag else None
            if found is not None and found.etag == self._etag:
                self._objects.delete([self.name])
            self._etag = ""

    def __enter__(self) -> "ObjectLease":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
