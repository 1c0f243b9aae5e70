"""The Dockerfile, read as instructions: no engine is needed for what it promises."""

import json
import re
import shlex
from pathlib import Path

import pytest

from eks_diag_mcp.cli import main
from eks_diag_mcp.errors import BadInput
from eks_diag_mcp.server.http_config import HttpConfig

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """(instruction, argument), comments out and continued lines joined."""
    lines = "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def last(name: str) -> str:
    return [rest for word, rest in instructions() if word == name][-1]


def final_stage() -> list[tuple[str, str]]:
    told = instructions()
    return told[max(i for i, (word, _) in enumerate(told) if word == "FROM") :]


def test_every_instruction_is_one() -> None:
    known = {
        "ARG",
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "LABEL",
        "ENV",
        "USER",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    assert {word for word, _ in instructions()} <= known


def test_the_base_is_pinned_by_a_full_version() -> None:
    assert re.fullmatch(r"PYTHON=3\.\d+\.\d+-slim-[a-z]+", last("ARG"))
    assert {rest.split()[0] for word, rest in instructions() if word == "FROM"} == {"python:${PYTHON}"}


def test_it_runs_as_an_ordinary_user_from_the_first_command_on() -> None:
    words = [word for word, _ in final_stage()]
    uid, gid = last("USER").split(":")
    assert int(uid) > 1000 and int(gid) > 1000
    assert (
        words.index("USER") < words.index("HEALTHCHECK") < words.index("ENTRYPOINT") and "RUN" not in words[words.index("USER") :]
    )


def test_what_is_installed_is_proven_by_hashes_and_nothing_is_built() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0] and "--only-binary :all:" in installs[0] and "-r requirements.lock" in installs[0]
    assert "--no-index" in installs[1] and "--no-deps" in installs[1]


def test_the_health_check_asks_the_port_that_is_served() -> None:
    assert json.loads(last("ENTRYPOINT")) == ["eks-diag-mcp"]
    arguments = json.loads(last("CMD"))
    port = arguments[arguments.index("--http") + 1].rpartition(":")[2]
    assert last("EXPOSE") == port and f"http://127.0.0.1:{port}/healthz" in last("HEALTHCHECK")
    code = json.loads(last("HEALTHCHECK").split("CMD", 1)[1])[2]
    compile(code, "health check", "exec")


def test_started_without_configuration_it_serves_nobody() -> None:
    arguments = json.loads(last("CMD"))
    with main.commands["serve"].make_context("serve", arguments[1:]) as context:
        address = context.params["address"]
    with pytest.raises(BadInput, match="nobody would have to prove"):
        HttpConfig.read({}, address)


def test_no_secret_is_in_it_and_only_what_is_needed_goes_to_the_engine() -> None:
    assert not re.search(r"(?i)(secret|password|token|AKIA|aws_access|private)", "\n".join(rest for _, rest in instructions()))
    assert not [rest for word, rest in instructions() if word == "ADD" or (word == "COPY" and shlex.split(rest)[0] in (".", "./"))]
    ignored = [line for line in (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignored[0] == "*"
    sources = {part for word, rest in instructions() if word == "COPY" and "--from" not in rest for part in shlex.split(rest)[:-1]}
    assert sources == {line.removeprefix("!") for line in ignored[1:]}


def test_the_extra_of_the_image_is_the_one_that_is_tested() -> None:
    def entry(path: str) -> str:
        found = re.search(r"^prometheus-client==.*(?:\\\n\s+--hash=\S+ ?)+", (ROOT / path).read_text(), re.MULTILINE)
        assert found
        return found[0]

    assert entry("deploy/requirements-http.lock") == entry("requirements-dev.lock")
