"""Each client's own environment, made from its pins in a folder that git does not know."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PINS = HERE / "pins"
MADE = HERE / ".envs"
_INSTALL_S = 900


class CannotInstall(Exception):
    """An environment could not be made; the text is the installer's last words."""


@dataclass(frozen=True)
class Environment:
    """An environment by the name of its pins: NAME.txt (Python, with hashes) or NAME/package-lock.json (JavaScript)."""

    name: str

    @property
    def python(self) -> bool:
        return (PINS / f"{self.name}.txt").is_file()

    @property
    def folder(self) -> Path:
        return MADE / self.name

    @property
    def interpreter(self) -> Path:
        """What runs this client's driver: its own Python. Drivers of JavaScript clients start Node.js themselves."""
        return self.folder / "bin" / "python" if self.python else Path(sys.executable)

    def make(self) -> None:
        """Install what the pins say, unless that is what is there. CannotInstall says why it did not work."""
        stamp = self.folder / ".ready"
        wanted = self._digest()
        if not self.python and self.name != "node":
            Environment("node").make()
            self.folder.mkdir(parents=True, exist_ok=True)
            for script in (HERE / "drivers").glob("*.mjs"):  # modules are looked for beside the script
                shutil.copy(script, self.folder)
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        print(f"making the environment {self.name}", flush=True)
        if self.python:
            _run([sys.executable, "-m", "venv", "--clear", self.folder])
            _run([self.interpreter, "-m", "pip", "install", "-q", "--require-hashes", "-r", PINS / f"{self.name}.txt"])
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            for file in ("package.json", "package-lock.json"):
                shutil.copy(PINS / self.name / file, self.folder)
            _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], self.folder)
        stamp.write_text(wanted)

    def _digest(self) -> str:
        files = [PINS / f"{self.name}.txt"] if self.python else sorted((PINS / self.name).iterdir())
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _run(command: list[str | Path], folder: Path = HERE) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(str(error)) from error
    if done.returncode:
        raise CannotInstall((done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1])
