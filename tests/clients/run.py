"""Runs the matrix: each client on a library of its own, and what came of it."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .environments import CannotInstall, Environment
from .house import House

HERE = Path(__file__).parent
_RUN_S = 300


@dataclass(frozen=True)
class Row:
    """A client of the matrix. driver: the script in drivers/ and its further arguments. cold: as when the product is first used.
    needs: a program that the machine must have; the driver finds it in the variable of that name, in capitals."""

    client: str
    package: str
    env: str
    driver: str
    runs: list[str]
    how: str
    cold: bool = False
    needs: str | None = None

    @property
    def name(self) -> str:
        """A short name, for folders and messages."""
        script = next((word for word in self.driver.split() if word.endswith(".mjs")), self.driver)
        return script.split(".")[0].replace("_", "-")


@dataclass
class Outcome:
    """One run. why: what went wrong, "" where nothing did; ran False: it could not even be installed."""

    row: Row
    era: str
    transport: str
    told: dict[str, Any] = field(default_factory=dict)
    why: str = ""
    ran: bool = True

    @property
    def name(self) -> str:
        return f"{self.row.name}-{self.era}-{self.transport}"

    def step(self, *names: str) -> bool | None:
        """Did all of these steps go well; None where the client has none of them."""
        found = [step["ok"] for step in self.told.get("steps", ()) if step["name"] in names]
        return all(found) if found else None


def matrix() -> list[Row]:
    """The rows, in the order of the page."""
    return [Row(**row) for row in yaml.safe_load((HERE / "matrix.yaml").read_text(encoding="utf-8"))]


def outcomes(rows: list[Row], house: House) -> list[Outcome]:
    """Every run of these clients, one after the other."""
    found = []
    for row in rows:
        missing = _missing(row)
        for words in row.runs:
            era, transport = words.split()
            outcome = Outcome(row, era, transport)
            if missing:
                outcome.ran, outcome.why = False, missing
            else:
                _run(outcome, house)
            print(
                f"{'ok    ' if not outcome.why else 'FAILED' if outcome.ran else 'not run'} {outcome.name} {outcome.why}",
                flush=True,
            )
            found.append(outcome)
    return found


def _missing(row: Row) -> str:
    if row.needs and not _program(row.needs):
        return f"there is no {row.needs} on this machine"
    try:
        Environment(row.env).make()
    except CannotInstall as error:
        return str(error)
    return ""


def _program(name: str) -> str | None:
    return os.environ.get(name.upper()) or shutil.which(name)


def _run(outcome: Outcome, house: House) -> None:
    era = None if outcome.era == "default" else outcome.era
    if outcome.transport == "stdio":
        _drive(outcome, house, era, None)
    else:
        with house.listening(outcome.name, cold=outcome.row.cold) as url:
            _drive(outcome, house, era, url)


def _drive(outcome: Outcome, house: House, era: str | None, url: str | None) -> None:
    environment = Environment(outcome.row.env)
    job = json.dumps({**house.job(outcome.name, era, url, outcome.row.cold), "environment": str(environment.folder)})
    script, *more = outcome.row.driver.split()
    command = [environment.interpreter, HERE / "drivers" / script, job, *more]
    needs = outcome.row.needs
    env = {**os.environ, needs.upper(): str(_program(needs))} if needs else None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_RUN_S, check=False, cwd=house.folder, env=env)
    except subprocess.TimeoutExpired:
        outcome.why = f"no end after {_RUN_S} s"
        return
    lines = done.stdout.strip().splitlines()
    try:
        outcome.told = json.loads(lines[-1])
    except (IndexError, ValueError):
        outcome.why = f"ended with {done.returncode}"
        print(done.stdout[-2_000:], done.stderr[-4_000:])
        return
    outcome.why = _fault(outcome.told, house.expected)


def _fault(told: dict[str, Any], expected: str | None) -> str:
    """What was not as it should be; "" where all was."""
    bad = [f"{step['name']}: {step.get('seen', '')}" for step in told["steps"] if not step["ok"]]
    if told["root_cause"] != expected:
        bad.append(f"root cause {told['root_cause']}, not {expected}")
    return "; ".join(bad)
