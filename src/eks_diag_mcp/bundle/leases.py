"""Leases: while one process admits an archive, the others of the same store know it and wait instead of doing it again."""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType

STALE_S = 60.0
_BEAT_S = 10.0


class Lease:
    """A claim on one digest. Enter it to hold it; `held` says whether another process has it."""

    def __init__(self, folder: Path, digest: str) -> None:
        self.path = folder / f"{digest}.lease"
        self._claim = uuid.uuid4().hex
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
        if self._mine:
            return True
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(2):
            try:
                handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                if self.held_elsewhere() or not self._clear():
                    return False
                continue
            with os.fdopen(handle, "w") as file:
                json.dump({"host": socket.gethostname(), "pid": os.getpid(), "claim": self._claim}, file)
            self._mine = True
            threading.Thread(target=self._beat, name="lease", daemon=True).start()
            return True
        return False

    def _clear(self) -> bool:
        """Take a stale lease out of the way. False when another process was faster and it was its new one."""
        aside = self.path.with_suffix(f".{self._claim}")
        try:
            self.path.rename(aside)
        except FileNotFoundError:
            return True
        stale = time.time() - aside.stat().st_mtime >= STALE_S or _dead(aside.read_text(encoding="utf-8"))
        if not stale:
            with suppress(OSError):
                os.link(aside, self.path)
        aside.unlink()
        return stale

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
            self._mine = False
            with suppress(OSError, ValueError):
                if json.loads(self.path.read_text(encoding="utf-8")).get("claim") == self._claim:
                    self.path.unlink()

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
