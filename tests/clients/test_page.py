"""docs/clients.md is of the clients and versions that the tree holds. The run itself is `make clients`."""

import json
import re
from pathlib import Path

import pytest
import yaml

from .conformance.suite import HERE as CONFORMANCE
from .conformance.suite import RUNS
from .environments import PINS, Environment
from .page import PAGE, PICTURES
from .run import HERE, Row, matrix

ROWS = matrix()


def pinned(row_env: str, package: str) -> str:
    """The version of a package that an environment is made with."""
    if Environment(row_env).python:
        found = re.search(rf"^{re.escape(package)}==([^\s;\\]+)", (PINS / f"{row_env}.txt").read_text(), re.MULTILINE)
        assert found, f"{package} is not pinned in {row_env}.txt"
        return found[1]
    told = json.loads((PINS / row_env / "package.json").read_text())["dependencies"]
    return str(told[package]).rsplit("@", 1)[-1]


def table(first: str) -> list[list[str]]:
    """The rows of the page's table whose head begins so."""
    lines = iter(PAGE.read_text(encoding="utf-8").splitlines())
    assert any(line.startswith(f"| {first} |") for line in lines)
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found[1:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_page_has_each_run_of_a_client_with_the_pinned_version_and_it_went_well(row: Row) -> None:
    shown = [cells for cells in table("client") if cells[0] == row.client]
    assert [cells[3] for cells in shown] == [run.split()[1] for run in row.runs]
    for run, cells in zip(row.runs, shown, strict=True):
        assert cells[1] == f"{row.package} {pinned(row.env, row.package)}"
        assert cells[5] == cells[6] == "yes"
        era = run.split()[0]
        assert era != "modern" or cells[2] in ("2026-07-28", "modern")
        assert era != "legacy" or cells[2] in ("2025-11-25", "legacy")


def test_every_driver_is_in_the_matrix_and_every_row_of_the_page_is_of_one() -> None:
    scripts = {path.name for path in (HERE / "drivers").iterdir() if path.suffix in (".py", ".mjs")}
    used = {word for row in ROWS for word in row.driver.split() if word in scripts}
    assert scripts - used == {"walk.py", "bridge.mjs"}
    assert {cells[0] for cells in table("client")} == {row.client for row in ROWS}


def test_the_page_has_both_conformance_suites_as_pinned_and_as_expected() -> None:
    told = json.loads((PINS / "conformance" / "package.json").read_text())["dependencies"]
    shown = table("suite")
    assert {cells[0] for cells in shown} == {version.rsplit("@", 1)[-1] for version in told.values()}
    assert {cells[4] for cells in shown} == {"as expected"}


def test_a_scenario_that_fails_on_the_page_is_one_that_the_gate_expects_to_fail() -> None:
    shown = table("suite")
    assert len(shown) == len(RUNS)
    for cells, (_, options, baseline) in zip(shown, RUNS, strict=True):
        assert cells[1] == " ".join(options)
        expected = yaml.safe_load((CONFORMANCE / baseline).read_text(encoding="utf-8"))["server"] if baseline else []
        assert set(re.findall(r"`([^`]+)`", cells[5])) <= set(expected)


def test_every_pin_of_a_python_client_has_its_hashes() -> None:
    for file in PINS.glob("*.txt"):
        blocks = re.split(r"\n(?=\S)", file.read_text().strip())
        assert blocks and all("==" in block and "--hash=sha256:" in block for block in blocks), file.name


def test_the_pictures_of_the_page_are_there_and_small() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in PICTURES.values():
        assert f"({name})" in text
        assert 0 < Path(PAGE.parent / name).stat().st_size < 150_000
