"""Leases: while one process admits an archive, the others of the same store know it and wait instead of doing it again."""

import json
import os
import socket
import threading
import time
from pathlib import Path
from types import TracebackType

STALE_S = 60.0
_BEAT_S = 10.0


class Lease:
    """A claim on one digest. Enter it to hold it; `held` says whether another process has it."""

    def __init__(self, folder: Path, digest: str) -> None:
        self.path = folder / f"{digest}.lease"
        self._stop = threading.Event()
        self._mine = False

    def held_elsewhere(self) -> bool:
        """Another process holds it: its heart beats, and if it is one of this machine it is alive."""
        try:
            beats = time.time() - self.path.stat().st_mtime < STALE_S
            return not self._mine and beats and not _dead(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False

    def acquire(self) -> bool:
        """Take the lease; False when another process holds it. A stale one (its holder died) is taken over."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            try:
                handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                if self.held_elsewhere():
                    return False
                self.path.unlink(missing_ok=True)
                continue
            with os.fdopen(handle, "w") as file:
                json.dump({"pid": os.getpid(), "host": socket.gethostname()}, file)
            self._mine = True
            threading.Thread(target=self._beat, name="lease", daemon=True).start()
            return True
        return False

    def _beat(self) -> None:
        while not self._stop.wait(_BEAT_S):
            try:
                os.utime(self.path)
            except OSError:
                return

    def release(self) -> None:
        """Give it back."""
        self._stop.set()
        if self._mine:
            self.path.unlink(missing_ok=True)
            self._mine = False

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def _dead(text: str) -> bool:
    """Was the lease written by a process of this machine that is no more? Half-written text is a living holder's."""
    try:
        holder = json.loads(text)
        if holder.get("host") != socket.gethostname():
            return False
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return True
    except (ValueError, KeyError, AttributeError, PermissionError, OverflowError):
        return False
    return False
