"""What we are measured against: pigz and ripgrep, ripgrep over the unpacked text, DuckDB, a plain loop, an empty MCP server."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from eks_diag_mcp.bundle.bundle import Bundle

RG = Path(__file__).parent / ".venv" / "bin" / "rg"
_EMPTY = 'from mcp.server.mcpserver import MCPServer\nMCPServer("empty").run()\n'
_HELLO = (
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}},
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)


def unpacker() -> str:
    """pigz where it is installed, else gzip: of one stream both unpack on one core, and ripgrep is what takes the time."""
    return "pigz" if shutil.which("pigz") else "gzip"


def unpack_and_count(archive: Path, patterns: Path) -> float:
    """Seconds of `pigz -dc ARCHIVE | rg -c -a -i -f PATTERNS`."""
    started = time.perf_counter()
    with subprocess.Popen([unpacker(), "-dc", archive], stdout=subprocess.PIPE) as unpack:
        subprocess.run([RG, "-c", "-a", "-i", "-f", patterns, "-"], stdin=unpack.stdout, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def write_text(bundle: Bundle, folder: Path) -> int:
    """The masked text of a bundle as files, equal files once; returns its bytes."""
    size = 0
    for entry in bundle.manifest.files:
        if entry.same_as is None and entry.size:
            path = folder / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as out:
                for ref in bundle.blocks_of(entry.id):
                    size += out.write(bundle.block_text(ref))
    return size


def ripgrep(folder: Path, pattern: str) -> tuple[float, bytes]:
    """Seconds and output of rg over the text: path, line number and line of each match."""
    started = time.perf_counter()
    found = subprocess.run(
        [RG, "-j2", "-a", "-i", "-n", "--no-heading", "-e", pattern, "."], cwd=folder, stdout=subprocess.PIPE, check=False
    )
    return time.perf_counter() - started, found.stdout


def duckdb_scan(store: Path, pattern: str) -> float:
    """Seconds of the same question asked of the store with DuckDB."""
    import duckdb

    started = time.perf_counter()
    duckdb.sql(
        f"""SELECT count(*) FROM (SELECT unnest(string_split("text", chr(10))) AS line
            FROM read_parquet('{store}/text/*.parquet')) WHERE regexp_matches(line, $pattern, 'i')""",
        params={"pattern": pattern},
    ).fetchall()
    return time.perf_counter() - started


def plain_loop(folder: Path, pattern: str) -> float:
    """Seconds of Python's re, line by line."""
    started, search = time.perf_counter(), re.compile(pattern.encode(), re.IGNORECASE).search
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as lines:
                sum(1 for line in lines if search(line))
    return time.perf_counter() - started


def first_list(command: Sequence[object]) -> tuple[float, float]:
    """(seconds from the start of an MCP server to its list of tools, MB of memory it then holds)."""
    started = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert server.stdin and server.stdout
    for message in _HELLO:
        server.stdin.write(json.dumps(message).encode() + b"\n")
        server.stdin.flush()
        if "id" in message:
            server.stdout.readline()
    seconds = time.perf_counter() - started
    status = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    memory = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
    server.stdin.close()
    server.wait()
    server.stdout.close()
    return seconds, memory


def empty_server(folder: Path) -> Path:
    """A server of the same SDK without a tool."""
    path = folder / "empty_server.py"
    path.write_text(_EMPTY)
    return path
