"""Reading SOP files, and finding one by what people call it."""

import contextlib
from pathlib import Path

import pytest

from eks_diag_mcp.errors import BadInput, CatalogueError
from eks_diag_mcp.runbooks.library import SopLibrary
from eks_diag_mcp.runbooks.parse import parse

SOPS = Path(__file__).parents[2] / "sops"
D1 = SOPS / "D1-vpc-cni-ip-allocation-failures.md"
SMALL = "---\ntitle: T\ntriggers: [a b]\n---\nbody\n"


def test_the_shipped_sop_is_kept_byte_for_byte():
    sop = parse(D1.read_bytes(), D1.name)
    assert sop.text.encode() == D1.read_bytes() and sop.text.endswith(sop.body) and sop.body.startswith("\n## Phase 1")


def test_its_front_matter_is_read():
    sop = parse(D1.read_bytes(), D1.name)
    assert (sop.id, sop.short_id, sop.category) == (D1.stem, "D1", "D")
    assert sop.title == "D1 — VPC CNI IP Allocation Failures" and sop.severity == "CRITICAL"
    assert (sop.status, sop.owner, len(sop.triggers)) == ("active", "devops-agent", 5)
    assert sop.triggers[-1] == "ipamd.*failed to increase IP pool" and sop.objective and sop.context


def test_it_falls_into_phases_and_parts_and_nothing_is_lost():
    sop = parse(D1.read_bytes(), D1.name)
    assert [(p.number, p.title) for p in sop.phases] == [(1, "Triage"), (2, "Enrich"), (3, "Report")]
    assert list(sop.parts) == ["Guardrails", "Common Issues", "Examples", "Output Format"]
    assert "\n" + "".join([p.text for p in sop.phases] + list(sop.parts.values())) == sop.body
    assert sop.phase(2).text.startswith("## Phase 2 — Enrich") and sop.phase(9) is None


def test_line_ends_and_a_byte_order_mark_stay_as_they_are():
    data = "\ufeff---\r\ntitle: T\r\n---\r\n\r\n## Phase 1: Look\r\n- x\r\n".encode()
    sop = parse(data, "X.md")
    assert sop.text.encode() == data and sop.phases[0].text == "## Phase 1: Look\r\n- x\r\n"
    assert sop.phases[0].title == "Look"


def test_a_heading_within_a_code_fence_is_code():
    sop = parse(f"{SMALL}## Phase 1\n```\n## Phase 2\n```\n## End\n".encode(), "X.md")
    assert [p.number for p in sop.phases] == [1] and list(sop.parts) == ["End"]


def test_missing_fields_are_empty_and_the_title_falls_back_to_the_name():
    sop = parse(b"---\nseverity: 3\ntriggers: one\n---\n", "B12a-x.md")
    assert (sop.title, sop.severity, sop.triggers, sop.description) == ("B12a-x", "3", ("one",), "")
    assert (sop.short_id, sop.category) == ("B12A", "B")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"# no front matter\n", "no front matter"),
        (b"---\ntitle: [1\n---\n", "x.md:3"),
        (b"---\n- a\n---\n", "keys and values"),
        (b"---\na: &a [1]\nb: *a\n---\n", "aliases"),
        (b"---\na: " + b"[" * 5_000 + b"\n---\n", "x.md"),
        (b"---\ntitle: \xff\n---\n", "not UTF-8"),
        (b"---\ntitle: T\n---\n" + b"x" * 300_000, "at most"),
    ],
)
def test_a_broken_file_says_where_and_why(data, says):
    with pytest.raises(CatalogueError, match=r"x\.md") as raised:
        parse(data, "sub/x.md")
    assert says in str(raised.value)


def test_deep_nesting_ends_in_a_sop_or_a_fault_by_whichever_yaml_loader_is_built_in():
    with contextlib.suppress(CatalogueError):
        assert parse(b"---\ntitle: " + b"[" * 5_000 + b"]" * 5_000 + b"\n---\n", "x.md").title == "x"


@pytest.fixture
def folder(tmp_path):
    for name in ("D1-vpc-cni", "D10-dns", "D2-routes", "A1-join", "A1-bootstrap"):
        (tmp_path / f"{name}.md").write_text(SMALL.replace("title: T", f"title: About {name[3:]} things"))
    (tmp_path / "README.md").write_text("# not a SOP")
    (tmp_path / "E1-broken.md").write_text("no front matter")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "F1-deep.md").write_text(SMALL)
    (tmp_path / "more" / "d1-VPC-cni.md").write_text(SMALL)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "G1.md").write_text(SMALL)
    return tmp_path


def test_a_broken_sop_is_reported_and_the_rest_serve(folder):
    library = SopLibrary.load(folder)
    assert [s.id for s in library.sops] == ["A1-bootstrap", "A1-join", "D1-vpc-cni", "D2-routes", "D10-dns", "F1-deep"]
    assert sorted(library.faults) == [
        "E1-broken.md: no front matter between two '---' lines.",
        f"more/d1-VPC-cni.md: the id d1-VPC-cni is taken by D1-vpc-cni.md of {folder.name}",
    ]
    assert library.find("F1").path == "more/F1-deep.md" and library.find("F1").origin == folder.name


def test_a_folder_that_is_not_there_is_a_fault_without_its_path(tmp_path):
    library = SopLibrary.load(tmp_path / "gone")
    assert len(library) == 0 and library.faults == ["gone: no such folder of SOPs"]
    with pytest.raises(BadInput, match="No SOP is loaded"):
        library.find("D1")


def test_without_a_folder_those_shipped_are_loaded():
    library = SopLibrary.load()
    assert library.find("D1").text.encode() == D1.read_bytes() and not library.faults
    assert library.find("D1").origin == "library"


@pytest.mark.parametrize(
    "name",
    [
        "D1",
        "d1",
        "`D1`",
        " D1 ",
        "D1-vpc-cni",
        "d1-VPC-CNI",
        "D1-vpc-cni.md",
        "D1-vpc",
        "sop:///D1",
        "About vpc-cni things",
        "vpc cni",
        "the VPC SOP",
        "SOP D1",
    ],
)
def test_a_sop_is_found_by_any_of_its_names(folder, name):
    assert SopLibrary.load(folder).find(name).id == "D1-vpc-cni"


def test_an_id_counts_before_the_words_of_other_titles(tmp_path):
    for name, title in (("D1_vpc", "VPC"), ("D2-after", "After D1 repairs"), ("D2-after-late", "Late")):
        (tmp_path / f"{name}.md").write_text(SMALL.replace("title: T", f"title: {title}"))
    assert SopLibrary.load(tmp_path).find("D1").id == "D1_vpc"
    assert SopLibrary.load(tmp_path).find("D2-after.md").id == "D2-after"


@pytest.mark.parametrize(
    ("name", "candidates"),
    [("A1", "A1-bootstrap, A1-join"), ("things", "A1-bootstrap, A1-join, D1-vpc-cni, D2-routes, D10-dns")],
)
def test_an_ambiguous_name_is_refused_with_the_candidates(folder, name, candidates):
    with pytest.raises(BadInput, match=f"may be any of: {candidates}"):
        SopLibrary.load(folder).find(name)


def test_an_unknown_name_is_refused_with_the_nearest(folder):
    with pytest.raises(BadInput, match=r"No SOP is called 'D2-rutes'\. Nearest: D2-routes\."):
        SopLibrary.load(folder).find("D2-rutes")


@pytest.mark.parametrize("name", ["../D1-vpc-cni", "/etc/passwd", "..\\D1", "D1\x00", "more/F1-deep", "", "sop", "*"])
def test_a_name_is_never_a_path(folder, name):
    with pytest.raises(BadInput, match="No SOP is called"):
        SopLibrary.load(folder).find(name)


def test_an_own_folder_joins_the_shipped_sops_and_is_named_as_their_origin(tmp_path: Path) -> None:
    own = tmp_path / "team-runbooks"
    own.mkdir()
    (own / "X1-own.md").write_text("---\ntitle: X1 own\n---\n\n## Phase 1\n\nMUST:\n- Look\n")
    library = SopLibrary.load(own, and_shipped=True)
    origins = {(sop.short_id, sop.origin) for sop in library.sops}
    assert origins >= {("X1", "team-runbooks"), ("D1", "library")} and {o for _, o in origins} == {"team-runbooks", "library"}
