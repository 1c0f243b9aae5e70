"""What a SOP (a runbook in one markdown file) is, once read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SHORT_ID = re.compile(r"[A-Za-z]{1,3}\d{1,3}[a-z]?(?=[-_. ]|$)")


@dataclass(frozen=True, slots=True)
class Phase:
    """One '## Phase N' part, heading included, verbatim."""

    number: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Sop:
    """One runbook. `text` is the whole file and `body` what follows the front matter, both verbatim: encoded as UTF-8
    `text` gives back the bytes of the file.

    `id` is the stem of the file name. `triggers` are the author's own phrases or regular expressions for log lines that
    call for this SOP. `parts` holds the other '## ' parts by heading ("Guardrails", "Output Format"). `path` is
    relative to the folder it came from, and `origin` says which one that was: "library" (shipped) or its name."""

    id: str
    title: str
    text: str
    body: str
    path: str
    origin: str = "library"
    description: str = ""
    status: str = "active"
    severity: str = ""
    triggers: tuple[str, ...] = ()
    owner: str = ""
    objective: str = ""
    context: str = ""
    root_causes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    explained: Mapping[str, str] = field(default_factory=dict, hash=False)
    related: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def short_id(self) -> str:
        """'D1' of 'D1-vpc-cni-ip-allocation-failures'; the whole id where it has no such number."""
        found = _SHORT_ID.match(self.id)
        return found.group().upper() if found else self.id

    @property
    def category(self) -> str:
        """The letters of the short id ('D'): runbooks of one subject share them."""
        found = _SHORT_ID.match(self.id)
        return re.split(r"\d", found.group().upper())[0] if found else ""

    def phase(self, number: int) -> Phase | None:
        return next((phase for phase in self.phases if phase.number == number), None)
