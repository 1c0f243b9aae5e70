"""Runs the protocol's conformance suites on our server and says what came of it."""

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from ..environments import MADE, CannotInstall, Environment
from ..house import House

HERE = Path(__file__).parent
_RUN_S = 400
RUNS = (
    ("conformance-0.1", ("--suite", "all"), "expected-failures-0.1.yml"),
    ("conformance-0.2", ("--suite", "all"), "expected-failures-0.2.yml"),
    ("conformance-0.2", ("--requirements", "2026-07-28"), None),
)
"""Package (its name in pins/conformance), which scenarios, and the file of those that may fail. What a revision of the protocol
requires may not fail at all; the suite runs scenarios of extensions besides, which it does not score."""


@dataclass
class Verdict:
    """One run of a suite. failing: scenarios with a check that fails. unexpected: what the suite says where one fails or
    passes against what is expected. why: it could not be run."""

    version: str
    run: str
    scenarios: int = 0
    passed: int = 0
    failing: list[str] = field(default_factory=list)
    unexpected: str = ""
    why: str = ""


def verdicts(house: House) -> list[Verdict]:
    """All runs, each on a server of its own."""
    environment = Environment("conformance")
    try:
        environment.make()
    except CannotInstall as error:
        return [Verdict("", package, why=str(error)) for package, _, _ in RUNS]
    found = []
    for package, options, baseline in RUNS:
        folder = environment.folder / "node_modules" / package
        verdict = Verdict(json.loads((folder / "package.json").read_text())["version"], " ".join(options))
        with house.listening(f"{package}{options[-1]}", "tests.clients.conformance.app") as url:
            _run(verdict, [folder / "dist" / "index.js", "server", "--url", url, *options], baseline, house.folder)
        outcome = "FAILED" if verdict.unexpected else "ok    "
        print(f"{outcome} {package} {verdict.run}: {verdict.passed} checks passed, {len(verdict.failing)} scenarios not")
        print(verdict.unexpected, end="", flush=True)
        found.append(verdict)
    return found


def _run(verdict: Verdict, command: list[str | Path], baseline: str | None, folder: Path) -> None:
    results = folder / f"results-{verdict.version}-{verdict.run.split()[-1]}"
    told: list[str | Path] = ["-o", results]
    if baseline:
        told += ["--expected-failures", HERE / baseline]
    node = MADE / "node" / "node_modules" / ".bin" / "node"
    done = subprocess.run([node, *command, *told], cwd=folder, capture_output=True, text=True, timeout=_RUN_S, check=False)
    checks = {_scenario(file.parent.name): json.loads(file.read_text()) for file in sorted(results.glob("*/checks.json"))}
    verdict.scenarios = len(checks)
    verdict.passed = sum(check["status"] == "SUCCESS" for scenario in checks.values() for check in scenario)
    verdict.failing = [name for name, scenario in checks.items() if any(check["status"] == "FAILURE" for check in scenario)]
    if done.returncode or not checks:
        verdict.unexpected = done.stdout[done.stdout.find("=== SUMMARY") :] + done.stderr[-2_000:]


def _scenario(folder: str) -> str:
    """The scenario of a folder of results, "server-NAME-2026-11-25T10-00-00-000Z"."""
    return re.sub(r"^server-|-\d{4}-\d\d-\d\dT.*$", "", folder)
