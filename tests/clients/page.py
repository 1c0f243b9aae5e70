"""docs/clients.md, written from what a run showed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from .conformance.suite import Verdict
from .run import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
PICTURES = {"view": "clients-view.png", "results": "clients-results.png"}
"""Pictures that the Inspector's page leaves in a run's folder, by their names in docs/."""
SHOWN_RUN = "inspector-web-modern-http"

_HEAD = """\
# Clients

Written by `make clients`; do not edit it. Each client, in an environment of its own with the versions that
`tests/clients/pins/` names, is let loose on the real server: `eks-diag-mcp` over stdio, `eks-diag-mcp serve --http` over HTTP. It
lists the tools, walks runbook D1 on a log bundle that it collects itself (`collect`, `status`, `errors`, `network_diagnostics`,
`summarize`, `run_sop`), is refused a misspelt argument with words that a model can act on, reads the runbook as a resource, and gets
it as a prompt. No model is asked and nothing beyond this machine: agents run with a scripted model, on which the framework's
own loop, time limits and handling of content work as with any other.

The bundle is that of scenario `{scenario}`; a walk counts only if the root cause is `{expected}`, and if text, quoted
lines and figures are those of that node.

| client | version | protocol | transport | tools | D1 | report | resource | prompt | besides |
|---|---|---|---|---|---|---|---|---|---|
"""

_WALK = ("tools", "collect", "status", "errors", "network_diagnostics", "summarize", "run_sop", "refusal", "final answer")

_MIDDLE = """
How each is driven:

{how}

What to know when connecting one:

- openai-agents gives a request 5 s unless `client_session_timeout_seconds` says otherwise. The walk keeps within that (`status`
  waits 3 s by default); `run_sop` on a node that is not collected yet can take half a minute.
- strands pins `mcp<2.2` and langchain-mcp-adapters `mcp<2`: each needs an environment without this server's own SDK. Asked for both,
  pip goes back to old releases that do not work.
- The Inspector needs Node.js 22.19 or newer; on an older one npm quietly installs a release of years ago.

![The Inspector with a result of summarize](clients-results.png)

![The Inspector with the root cause as a picture](clients-view.png)

"""

_CONFORMANCE = """\
## Conformance

`make conformance` runs the protocol's own suites, `@modelcontextprotocol/conformance`, on this server. It is built by the same
function as the product; tools, prompts, resources and tasks that the suites ask for by name are added for them
(`tests/clients/conformance/*fixtures.py`); the tasks go through the product's own Tasks extension. A scenario that fails is a fault
unless `expected-failures-*.yml` names it with its reason; one that is named there and passes is a fault, too. What revision
2026-07-28 requires has no such list: there the suite scores everything but its scenarios of extensions.

| suite | run | scenarios | checks passed | verdict | scenarios with a failing check |
|---|---|---|---|---|---|
"""


def write(outcomes: Sequence[Outcome], verdicts: Sequence[Verdict], house_folder: Path, scenario: str, expected: str) -> None:
    """The page and its pictures."""
    rows = {outcome.row.client: f"- {outcome.row.client}: {outcome.row.how}." for outcome in outcomes}
    text = _HEAD.format(scenario=scenario, expected=expected) + "".join(_row(outcome, expected) for outcome in outcomes)
    PAGE.write_text(text + _MIDDLE.format(how="\n".join(rows.values())), encoding="utf-8")
    write_conformance(verdicts)
    for shot, name in PICTURES.items():
        picture = house_folder / SHOWN_RUN / f"{shot}.png"
        if picture.is_file():
            shutil.copy(picture, PAGE.parent / name)


def write_conformance(verdicts: Sequence[Verdict]) -> None:
    """The page's last section; the others stay as they are."""
    before, _, _ = PAGE.read_text(encoding="utf-8").partition(_CONFORMANCE.splitlines()[0])
    PAGE.write_text(before + _CONFORMANCE + "".join(_conformance(verdict) for verdict in verdicts), encoding="utf-8")


def _row(outcome: Outcome, expected: str) -> str:
    told = outcome.told
    version = f"{outcome.row.package} {told.get('version', '')}".strip()
    if not outcome.ran:
        return f"| {outcome.row.client} | {outcome.row.package} | {outcome.era} | {outcome.transport} | not run: {outcome.why} |||||||\n"
    known = {*_WALK, "report", "resources", "resource", "prompts", "prompt", "end"}
    more = [s["name"] for s in told.get("steps", ()) if s["name"] not in known and s["ok"]]
    if outcome.why:
        more.append(f"**FAILED** {outcome.why[:200].replace('|', ' ')}")
    cells = [
        outcome.row.client,
        version,
        told.get("protocol") or outcome.era,
        outcome.transport,
        str(len(told.get("tools", ()))),
        _word(outcome.step(*_WALK) and told.get("root_cause") == expected),
        _word(outcome.step("report")),
        _word(outcome.step("resources", "resource")),
        _word(outcome.step("prompts", "prompt")),
        ", ".join(more),
    ]
    return f"| {' | '.join(cells)} |\n"


def _word(ok: bool | None) -> str:
    return "" if ok is None else "yes" if ok else "NO"


def _conformance(verdict: Verdict) -> str:
    if verdict.why:
        return f"| {verdict.version} | {verdict.run} | not run: {verdict.why} ||||\n"
    failing = ", ".join(f"`{name}`" for name in verdict.failing) or "none"
    word = "NOT AS EXPECTED" if verdict.unexpected else "as expected"
    return f"| {verdict.version} | {verdict.run} | {verdict.scenarios} | {verdict.passed} | {word} | {failing} |\n"
