"""The node monitoring agent: acts on the NodeDiagnostic of its node, one step each time that somebody looks at the object."""

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from .store import Key, Object, Store, rfc3339

Step = Literal["nothing", "running", "upload", "upload-with-errors", "collection-failed", "upload-failed", "timed-out", "blocked"]
STORAGE = "nodediagnostics.eks.amazonaws.com"
TIMEOUT_S = 5
"""Of the agent's HTTP client: large bundles and slow links fail by it. (The real one counts the whole upload, here each wait.)"""
TEXTS: dict[Step, str] = {
    "collection-failed": "fatal error during log collection process: failed archiving logs due to: no space left on device",
    "timed-out": "log collection timed out after 20m0s, a collector is blocked on host I/O",
    "blocked": "log collection from a previous NodeDiagnostic has not returned after 20m0s, still blocked on host I/O",
}
UPLOAD_FAILED = "fatal error during log upload process: "


@dataclass(slots=True)
class Agent:
    """The agent of one node. The last step of the script stays."""

    archive: bytes
    script: tuple[Step, ...] = ("running", "upload")
    keeps_nulls: bool = False
    """Whether `running: null` stands beside `completed`, as some releases leave it."""
    saves: bool = True
    """Whether the node lets it write to /var/log/support, which the destination `node` asks for."""
    uid: str = ""
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Agents:
    """All agents of a cluster, by node name."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self.store, self.clock = store, clock
        self.by_node: dict[str, Agent] = {}
        self.saved: dict[str, bytes] = {}
        """Archives in /var/log/support, by node."""
        self.uploads: list[tuple[str, int]] = []
        """Node and HTTP status of every upload that got an answer."""
        self.timeout_s: float = TIMEOUT_S

    def clear(self) -> None:
        self.by_node.clear()
        self.saved.clear()
        self.uploads.clear()
        self.timeout_s = TIMEOUT_S

    def restart(self, node: str, *script: Step) -> None:
        """The agent starts anew and, as the real one does, takes up the object that is still there."""
        agent = self.by_node[node]
        with agent.lock:
            agent.done, agent.script = 0, script or agent.script

    def look(self, name: str, steps: int = 1) -> None:
        """Somebody looks at that object (or at all: ""). May take as long as an upload."""
        for node, agent in list(self.by_node.items()):
            if name in ("", node):
                with agent.lock:
                    for _ in range(steps):
                        self._advance(node, agent)

    def _advance(self, node: str, agent: Agent) -> None:
        key = Key(STORAGE, "", node)
        obj = self.store.get(key)
        if obj is None or "logCapture" not in obj.get("spec", {}):
            return
        if obj["metadata"]["uid"] != agent.uid:
            agent.uid, agent.done = obj["metadata"]["uid"], 0
        if agent.done == len(agent.script):
            return
        step = agent.script[agent.done]
        agent.done += 1
        if step == "nothing":
            return
        state = self._state(node, agent, step, obj)
        with self.store.lock:
            now = self.store.get(key)
            if now is not None and now["metadata"]["uid"] == agent.uid:
                self.store.put(key, now | {"status": {"captureStatuses": [{"type": "Log", "state": state}]}})

    def _state(self, node: str, agent: Agent, step: Step, obj: Object) -> dict[str, Any]:
        at = rfc3339(self.clock())
        if step == "running":
            return {"running": {"startedAt": at}}
        reason, message = self._ended(node, agent, step, obj["spec"]["logCapture"]["destination"])
        started = at
        for known in obj.get("status", {}).get("captureStatuses", ()):
            started = (known["state"].get("running") or {"startedAt": at})["startedAt"]
        completed = {"reason": reason, "message": message, "startedAt": started, "finishedAt": at}
        return ({"running": None} if agent.keeps_nulls else {}) | {"completed": completed}

    def _ended(self, node: str, agent: Agent, step: Step, destination: str) -> tuple[str, str]:
        if step in TEXTS:
            return "Failure", TEXTS[step]
        if step == "upload-failed":
            slow = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            return "Failure", f'{UPLOAD_FAILED}Put "{destination}": {slow}'
        partly = step == "upload-with-errors"
        if destination == "node":
            if not agent.saves:
                return "Failure", "failed to create support directory"
            self.saved[node] = agent.archive
            saved = f"successfully saved logs to /var/log/support/{node}-logs.tar.gz"
            return ("SuccessWithErrors", f"{saved} with some errors") if partly else ("Success", saved)
        if fault := self._put(node, destination, agent.archive):
            return "Failure", UPLOAD_FAILED + fault
        if partly:
            return "SuccessWithErrors", "successfully uploaded logs with some errors"
        return "Success", "successfully uploaded logs with no errors"

    def _put(self, node: str, destination: str, body: bytes) -> str:
        """PUT the archive; what went wrong, in the agent's words, or nothing."""
        url = urlsplit(destination)
        if url.scheme not in ("http", "https"):
            return f'Put "{destination}": unsupported protocol scheme "{url.scheme}"'
        if url.hostname not in ("127.0.0.1", "localhost"):  # a double sends nothing away from this machine
            return f'Put "{destination}": dial tcp: lookup {url.hostname}: no such host'
        connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = connect(url.hostname, url.port, timeout=self.timeout_s)
        try:
            connection.request("PUT", f"{url.path}?{url.query}" if url.query else url.path, body)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except TimeoutError:
            return f'Put "{destination}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        except ConnectionRefusedError:
            return f'Put "{destination}": dial tcp {url.hostname}:{url.port}: connect: connection refused'
        except (OSError, http.client.HTTPException):
            return f'Put "{destination}": read tcp {url.hostname}:{url.port}: read: connection reset by peer'
        finally:
            connection.close()
        self.uploads.append((node, answer.status))
        return "" if answer.status == 200 else f"request failed, response body: {json.dumps(text)}"
