"""A library with nodes of two clusters and of none, and the real HTTP server on it, in a thread or as a process."""

import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx2
import pytest
import uvicorn
import yaml
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.server.http import http_app
from eks_diag_mcp.server.http_config import HttpConfig

from .. import scenarios

TOKENS = {"blue": "b" * 40, "green": "g" * 40, "all": "a" * 40}
"""Bearer tokens by principal; `blue` and `green` see the cluster of their name only."""


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def auth_yaml(**more: Any) -> str:
    rows = [
        {"name": name, "sha256": digest(token), **({} if name == "all" else {"clusters": [name]})} for name, token in TOKENS.items()
    ]
    return yaml.safe_dump({"tokens": rows, **more})


@dataclass(frozen=True)
class House:
    """Instance ids by the cluster they are of, and the App that has their bundles."""

    app: App
    nodes: dict[str, str]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("house")
    app, nodes = App(Settings(library=folder / "library", archives=folder / "archives")), {}
    for cluster, name in {"blue": "eni-limit", "green": "subnet-exhausted", "none": "iam"}.items():
        archive = scenarios.load(name).write(folder / "archives")
        told = {} if cluster == "none" else {"cluster": cluster}  # as the node's collector writes it
        nodes[cluster] = app.library.admit(archive, now=app.now, wall=app.wall(), via="node", provenance=told).instance_id
    return House(app, nodes)


@dataclass(frozen=True)
class Door:
    """A server that listens."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return httpx2.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=60)

    def post(self, body: str = "{}", path: str = "/mcp", **headers: str) -> httpx2.Response:
        """A raw request, as no client of ours would send it."""
        given = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        return httpx2.post(f"http://127.0.0.1:{self.port}{path}", content=body, headers=given | headers, timeout=60)

    def client(self, token: str | None = None, mode: str = "auto") -> Client:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        http = httpx2.AsyncClient(headers=headers, timeout=120)
        return Client(streamable_http_client(self.url, http_client=http), mode=mode)  # type: ignore[arg-type]


Open = Callable[..., Door]


@pytest.fixture
def open_door() -> Iterator[Open]:
    """open_door(app, env, address) -> a server in a thread of this process, on a free port."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: App, env: dict[str, str] | None = None, address: str = "127.0.0.1:0") -> Door:
        asgi = http_app(app, HttpConfig.read(env or {}, address))
        listener = socket.create_server(("127.0.0.1", 0))  # connections wait in its queue until the server takes them
        server = uvicorn.Server(uvicorn.Config(asgi, log_config=None, lifespan="on", timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        running.append((server, thread))
        return Door(listener.getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@dataclass
class Process:
    """The command itself, serving. `lines` is what it wrote to stderr so far."""

    door: Door
    process: subprocess.Popen[str]
    lines: list[str]
    _reader: threading.Thread

    def ended(self) -> int:
        """Its exit code, once it has ended; all lines are there then."""
        code = self.process.wait(120)
        self._reader.join(30)
        return code


Launch = Callable[..., Process]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """launch(library, *flags, env=...) -> a server process that listens."""
    running: list[Process] = []

    def start(library: Path, *flags: str, env: dict[str, str] | None = None, log_format: str = "plain") -> Process:
        command = [sys.executable, "-m", "eks_diag_mcp", "--library", str(library), *flags]
        told = {**(env or dict(os.environ)), "EKS_DIAG_LOG_LEVEL": "INFO", "EKS_DIAG_LOG_FORMAT": log_format}
        process = subprocess.Popen([*command, "serve", "--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True, env=told)
        assert process.stderr is not None
        lines: list[str] = []
        port = _port(process.stderr, lines)
        reader = threading.Thread(target=lines.extend, args=(process.stderr,), daemon=True)
        reader.start()
        running.append(Process(Door(port), process, lines, reader))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.ended()


def _port(stderr: IO[str], lines: list[str]) -> int:
    """The port that the server says it listens on."""
    for line in stderr:
        lines.append(line)
        if found := re.search(r"running on http://[\d.]+:(\d+)", line):
            return int(found[1])
    raise AssertionError("the server ended: " + "".join(lines))


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The answer; an error fails the test."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, said(result)
    return result.structured_content or {}


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """The text of an error answer."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.structured_content
    return said(result)


def said(result: Any) -> str:
    return "".join(getattr(block, "text", "") for block in result.content)
