"""The linter finds each planted fault at its line, and nothing in the library."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from eks_diag_mcp.app import App
from eks_diag_mcp.cli import main
from eks_diag_mcp.config import Settings
from eks_diag_mcp.errors import CatalogueError
from eks_diag_mcp.runbooks.contract import Contract, contract
from eks_diag_mcp.runbooks.library import SopLibrary, markdown, shipped
from eks_diag_mcp.runbooks.lint import Fault, accepted, lint
from eks_diag_mcp.server.build import build_server
from eks_diag_mcp.tools.table import TOOLS

NAME = "D1-vpc-cni-ip-allocation-failures.md"
D1 = (shipped() / NAME).read_text(encoding="utf-8")
WHOLE = 40
"""A library of more runbooks than this is the whole one: then every link leads somewhere."""

PLANTED: dict[str, tuple[str, str, str]] = {
    "an unknown tool": (
        "Use `errors` tool with instanceId to get",
        "Use `eror` tool with instanceId to get",
        "there is no tool `eror`",
    ),
    "a tool misspelt in an example": ('errors(instanceId="i-0abc', 'erors(instanceId="i-0abc', "there is no tool `erors`"),
    "an unknown argument": (
        "instanceId and pivotEvent=`failed to assign`",
        "instanceId and pivotEvnt=`failed to assign`",
        "did you mean pivotEvent",
    ),
    "an argument of another tool": (
        "Use `errors` tool with instanceId to get",
        "Use `errors` tool with clusterName to get",
        "errors takes no clusterName",
    ),
    "a section that is none": ("sections=cni,ipamd,eni to get", "sections=cni,ipam,eni to get", "'ipam' is none of"),
    "a word that is none, of a tool not yet here": ("resourceType=addon", "resourceType=adon", "'adon' is none of"),
    "a call without what it needs": (
        "Use `status` tool with executionId",
        "Use `status` tool with waitSeconds=5",
        "status needs executionId",
    ),
    "a pattern that does not compile": ("pivotEvent=`failed to assign`", "pivotEvent=`failed to (assign`", "no regular expression"),
    "a pattern that matches every line": ("query=`prefix delegation|", "query=`prefix delegation||", "matches an empty line"),
    "a dead phrase in a query": ("query=`prefix delegation|", "query=`FailedScheduling|", "FailedScheduling"),
    "an unknown source": (
        "with instanceId and query=`failed to assign",
        "with logTypes=ipamdd and query=`failed to assign",
        "ipamdd",
    ),
    "a trigger that does not compile": ('- "InsufficientFreeAddresses"', '- "InsufficientFree(Addresses"', "no regular expression"),
    "a trigger that no component prints": (
        '- "InsufficientFreeAddresses"',
        '- "the subnet said no thank you"',
        "stands in no known line",
    ),
    "a trigger that matches every line": ('- "InsufficientFreeAddresses"', '- "(?:Insufficient)?"', "matches every line"),
    "a misspelt key": ("objective: ", "objectiv: ", "unknown key `objectiv`"),
    "a severity that is none": ("severity: CRITICAL\ntriggers", "severity: SEVERE\ntriggers", "'SEVERE' is none of"),
    "a link that leads nowhere": ("(see D8 SOP)", "(see D88 SOP)", "there is no runbook D88"),
    "a cause that is none": (
        "- Recommend targeted fix",
        "- root cause `ip_allocation.subnet`. Recommend targeted fix",
        "no cause `ip_allocation.subnet`",
    ),
    "a level that is none": ("SHOULD:\n- Use `correlate`", "SHOULDS:\n- Use `correlate`", "'SHOULDS' is no level"),
    "a missing part": ("## Common Issues", "## Issues", "no part '## Common Issues'"),
    "a missing phase": ("## Phase 2 — Enrich", "## Enrich", "no '## Phase 2 — Enrich'"),
    "a safety rating without its colour": ("subnets: YELLOW — operator", "subnets: operator", "without GREEN, YELLOW or RED"),
    "an issue without a resolution": (
        '  resolution: "Operator action: increase WARM_IP_TARGET',
        '  solution: "Operator action: increase WARM_IP_TARGET',
        "without resolution",
    ),
    "an output format that is no YAML": ("severity: CRITICAL\nmitigation", "severity: [CRITICAL\nmitigation", "no YAML"),
    "an example without its end": ("# Step 4: Search for IP failures\n", "```\n# Step 4\n", "fence is not closed"),
}
"""What is planted: the words of D1 that are changed, what they become, and what must be said."""
AT_THE_END = frozenset({"a missing part", "a missing phase"})
BESIDE = {"an issue without a resolution": -2, "an output format that is no YAML": 1, "an example without its end": 16}
"""Where the line is that of the issue's beginning, or of the place where a reader notices (the last fence that is open)."""


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str] | None]:
    return build_server(App(Settings(library=tmp_path_factory.mktemp("lint") / "library"))).faults


def found(text: str, check: Callable[..., list[str] | None], *more: tuple[str, str]) -> list[Fault]:
    """The errors of this text as D1, beside a D8 that it may name."""
    files = [(NAME, text.encode()), *((name, body.encode()) for name, body in more)]
    d8 = SopLibrary.load().find("D1").__class__(id="D8-kube-proxy", title="D8", text="", body="", path="D8-kube-proxy.md")
    return [fault for fault in lint(files, check, [d8]) if fault.level == "error"]


def test_there_are_twenty_planted_faults_and_more() -> None:
    assert len(PLANTED) >= 20 and all(D1.count(old) >= 1 and old != new for old, new, _ in PLANTED.values())


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_at_its_line(name: str, check: Callable[..., list[str] | None]) -> None:
    old, new, says = PLANTED[name]
    text = D1.replace(old, new, 1)
    changed = next(n for n, (a, b) in enumerate(zip(D1.splitlines(), text.splitlines(), strict=False), 1) if a != b)
    hits = [fault for fault in found(text, check) if says in fault.says]
    assert len(hits) == 1, found(text, check)
    assert hits[0].path == NAME
    if name in AT_THE_END:
        assert hits[0].line == len(text.splitlines()) + 1
    else:
        assert hits[0].line == changed + BESIDE.get(name, 0)


def test_d1_is_right_as_it_stands_and_its_dead_phrases_have_reasons(check: Callable[..., list[str] | None]) -> None:
    assert found(D1, check) == []
    assert all(len(row.why) > 20 for row in accepted()) and {row.sop for row in accepted()} == {NAME.removesuffix(".md")}


def test_no_reason_is_kept_for_a_phrase_that_is_gone() -> None:
    text = " ".join(D1.replace(".*", " ").split())
    assert [row.text for row in accepted() if row.text not in text] == []


def test_the_library_has_no_fault(check: Callable[..., list[str] | None]) -> None:
    files = [(path, entry.read_bytes()) for path, entry in markdown(shipped())]
    faults = [fault for fault in lint(files, check) if fault.level == "error"]
    if len(files) <= WHOLE:  # links may lead to runbooks that are still being written
        faults = [fault for fault in faults if "there is no runbook" not in fault.says]
    assert [str(fault) for fault in faults] == []


def test_what_is_right_all_the_same_can_be_explained(check: Callable[..., list[str] | None]) -> None:
    odd = D1.replace('- "InsufficientFreeAddresses"', '- "the subnet said no thank you"')
    assert [f for f in found(odd, check) if "said no" in f.says]
    explained = odd.replace(
        "owner:", 'explained:\n  "the subnet said no thank you": "printed by our own controller since 2.1"\nowner:'
    )
    assert found(explained, check) == []
    empty = explained.replace("printed by our own controller since 2.1", "")
    assert ["has no reason" in f.says for f in found(empty, check)] == [True]


def test_words_for_causes_must_exist_and_be_used(check: Callable[..., list[str] | None]) -> None:
    declared = D1.replace("owner:", "root_causes:\n  eni_limit: [ip_allocation.eni_limits]\n  nonsense: [dns]\nowner:")
    assert sorted(fault.line for fault in found(declared, check)) == [13, 14]


def test_files_that_are_no_runbooks_are_faults_with_their_line(check: Callable[..., list[str] | None]) -> None:
    faults = found(D1, check, ("X1-a.md", "no front matter"), ("X2-b.md", "---\ntitle: [1\n---\n"), ("D1-other-one.md", D1))
    assert [(f.path, f.line) for f in faults if "X" in f.path] == [("X1-a.md", 1), ("X2-b.md", 3)]
    assert any(f.path == NAME and "the id D1 is that of D1-other-one.md too" in f.says for f in faults) or any(
        f.path == "D1-other-one.md" and "the id D1 is that of" in f.says for f in faults
    )


def test_the_command_line_prints_file_and_line_and_fails(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(D1.replace("sections=cni,ipamd,eni to get", "sections=cni,ipam,eni to get"), encoding="utf-8")
    run = CliRunner().invoke(main, ["--library", str(tmp_path / "l"), "lint-sops", str(tmp_path)], obj=None)
    line = D1[: D1.index("sections=cni,ipamd,eni to get")].count("\n") + 1
    assert run.exit_code == 1 and f"{NAME}:{line}: network_diagnostics sections" in run.stdout
    shown = CliRunner().invoke(main, ["--library", str(tmp_path / "l"), "lint-sops", str(tmp_path), "--json"])
    told = json.loads(shown.stdout)
    assert told["runbooks"] == 1 and [f["line"] for f in told["faults"] if "ipam" in f["says"]] == [line]


def test_advice_is_given_on_request_and_fails_nothing(tmp_path: Path) -> None:
    text = D1.replace("(see D8 SOP)", "(see D1 SOP)").replace(
        "- If all ENIs at max IPs (from", "- If the moon is full: wait\n- If all ENIs at max IPs (from"
    )
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    words = ["--library", str(tmp_path / "l"), "lint-sops", str(tmp_path)]
    quiet, asked = CliRunner().invoke(main, words), CliRunner().invoke(main, [*words, "--advice"])
    assert (quiet.exit_code, quiet.stdout) == (0, "") and "1 pieces of advice" in quiet.stderr
    assert asked.exit_code == 0 and "advice: no run can judge this rule" in asked.stdout


def test_a_clean_folder_ends_well(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(D1.replace("(see D8 SOP)", "(see D1 SOP)"), encoding="utf-8")
    run = CliRunner().invoke(main, ["--library", str(tmp_path / "l"), "lint-sops", str(tmp_path)])
    assert run.exit_code == 0 and run.stdout == ""


def test_the_contract_knows_every_parameter_of_every_tool_there_is(check: Callable[..., list[str] | None], tmp_path: Path) -> None:
    server = build_server(App(Settings(library=tmp_path)))
    for row in TOOLS:
        spec = contract().tools[row.name]
        properties = server._tool(row.name).parameters["properties"]
        assert row.toolset == spec.toolset
        assert set(properties) <= set(spec.takes), row.name
        assert set(server._tool(row.name).parameters.get("required", ())) <= {*spec.needs, "instanceId"}, row.name


def test_a_contract_that_contradicts_itself_does_not_load(tmp_path: Path) -> None:
    bad = tmp_path / "tools.yaml"
    bad.write_text("tools:\n- {name: one, toolset: core, takes: {a: text}, needs: [b]}\n- {name: one, toolset: core, takes: {}}\n")
    with pytest.raises(CatalogueError) as caught:
        Contract(bad)
    assert "tools.yaml:2" in str(caught.value) and "stands twice" in str(caught.value)
