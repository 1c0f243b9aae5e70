"""What the pages tell clients to write: every JSON snippet can be read, and the command line accepts what it would start."""

import ast
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from eks_diag_mcp.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*config.py"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def servers(config: dict[str, Any]) -> list[dict[str, Any]]:
    return list((config.get("mcpServers") or config.get("servers") or {}).values())


def accepted(words: list[str]) -> str:
    """What the command line says against these arguments; "" = it takes them. Nothing is run: --help ends it."""
    shown = CliRunner().invoke(main, [*words, "--help"], env={"EKS_DIAG_LOG_LEVEL": "ERROR"})
    return "" if shown.exit_code == 0 else shown.output


def arguments(words: list[str]) -> list[str]:
    """Those of eks-diag-mcp in a command that may start it by uvx."""
    place = next(k for k, word in enumerate(words) if Path(word).name == "eks-diag-mcp")
    assert place == 0 or Path(words[0]).name in ("uvx", "uv", "claude"), words
    return words[place + 1 :]


SNIPPETS = [(page.name, text) for page in PAGES for text in blocks(page, "json")]
STARTED = [(name, server) for name, text in SNIPPETS for server in servers(json.loads(text))] + [
    (".mcp.json", server) for server in servers(json.loads((ROOT / ".mcp.json").read_text(encoding="utf-8")))
]
BUNDLE = json.loads((ROOT / "deploy/mcpb/manifest.json").read_text(encoding="utf-8"))["server"]["mcp_config"]


def test_there_are_snippets_for_the_clients() -> None:
    assert len([name for name, _ in STARTED if name == "install.md"]) >= 6


@pytest.mark.parametrize(("page", "server"), [*STARTED, ("mcpb", BUNDLE)])
def test_a_snippet_starts_a_server(page: str, server: dict[str, Any]) -> None:
    if "url" in server:
        assert server["type"] == "http" and server["url"].endswith("/mcp")
        return
    assert accepted(arguments([server["command"], *server["args"]])) == ""
    unknown = [name for name in server.get("env", {}) if name.startswith("EKS_DIAG_") and f'"{name}"' not in SOURCE]
    assert unknown == []


def lines() -> list[tuple[str, str]]:
    """The command lines of the pages that start the program by name, without comments, pipes and output."""
    found = []
    for page in PAGES:
        for block in blocks(page, "console"):
            for line in block.replace("\\\n", " ").splitlines():
                bare = line.removeprefix("$ ")
                command = bare.split(" | ")[0].split(" > ")[0]
                if re.match(r"(eks-diag-mcp|\.venv/bin/eks-diag-mcp|uvx --from \S+ eks-diag-mcp)( |$)", command):
                    found.append((page.name, command))
    return found


@pytest.mark.parametrize(("page", "line"), lines())
def test_the_command_line_takes_what_the_pages_tell_to_type(page: str, line: str) -> None:
    assert accepted(arguments(shlex.split(line.split(" && ", maxsplit=1)[0], comments=True))) == ""


def test_a_wrong_option_would_be_seen() -> None:
    assert "No such option" in accepted(["--archive", "x"]) and "No such command" in accepted(["triaged", "x"])


@pytest.mark.parametrize("text", blocks(ROOT / "docs/install.md", "python"))
def test_the_python_snippets_are_python(text: str) -> None:
    assert ast.parse(text).body
