"""The wheel and the source archive, built anew: whatever the package reads is inside, and it works away from the checkout."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .. import scenarios

ROOT = Path(__file__).parents[2]


def built(kind: str, source: Path, target: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = target.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def held(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("eks_diag_mcp/")}


def test_the_wheel_holds_every_file_of_the_package_and_every_runbook(wheel: Path) -> None:
    package = ROOT / "src" / "eks_diag_mcp"
    files = {p.relative_to(package.parent).as_posix() for p in package.rglob("*") if p.is_file() and p.suffix != ".pyc"}
    runbooks = {f"eks_diag_mcp/sops/{p.name}" for p in (ROOT / "sops").glob("*.md")}
    assert len(runbooks) > 40 and any(name.endswith(".yaml") for name in files)
    assert (files | runbooks) - held(wheel) == set()


def test_a_wheel_from_the_source_archive_is_the_same(wheel: Path, tmp_path: Path) -> None:
    archive = built("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (source,) = (p for p in tmp_path.iterdir() if p.name.startswith("eks_diag_mcp-"))
    assert held(built("wheel", source, tmp_path / "again")) == held(wheel)


def test_it_finds_a_root_cause_and_its_runbook_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    bundle = scenarios.load("subnet-exhausted").write(tmp_path / "bundles")

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "eks_diag_mcp", "--library", str(tmp_path / "library"), *words]
        env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
        return subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, text=True).stdout

    assert "ip_allocation.subnet_exhausted" in run("triage", str(bundle))
    assert "D1" in run("sops", "failed to assign an IP address")
    where = "import eks_diag_mcp; print(eks_diag_mcp.__file__)"
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    place = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, env=env, check=True, capture_output=True, text=True).stdout
    assert place.startswith(str(tmp_path)), "the package under test is the wheel's"
