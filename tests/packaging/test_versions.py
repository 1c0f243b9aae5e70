"""One version and one name everywhere: package, registry entry, bundle, manifests, changelog and pages."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from eks_diag_mcp import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENTRY = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
BUNDLE = json.loads((ROOT / "deploy/mcpb/manifest.json").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "deploy").rglob("*.yaml")),
]
SCHEMA = json.loads(Path(__file__).with_name("server.schema.json").read_text(encoding="utf-8"))


def test_package_registry_entry_and_bundle_carry_one_version() -> None:
    package = ENTRY["packages"][0]
    told = {PROJECT["version"], __version__, ENTRY["version"], package["version"], BUNDLE["version"]}
    assert told == {__version__}


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first and __version__ in first.group()


def test_pages_and_manifests_name_no_other_version_of_it() -> None:
    named = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found = re.findall(r"eks[-_]diag[-_]mcp[-:@=]+v?(\d+\.\d+\.\d+)", text) + re.findall(
            r"^(\d+\.\d+\.\d+) is unreleased", text
        )
        if found:
            named[page.name] = set(found)
    assert {"install.md", "server.yaml", "http.md"} <= named.keys()
    assert {name: told for name, told in named.items() if told != {__version__}} == {}


def test_names_and_descriptions_agree() -> None:
    assert ENTRY["packages"][0]["identifier"] == BUNDLE["name"] == PROJECT["name"] == ENTRY["name"].partition("/")[2]
    assert f"<!-- mcp-name: {ENTRY['name']} -->" in README
    assert BUNDLE["license"] == PROJECT["license"] == "Apache-2.0" and (ROOT / "LICENSE").is_file()
    assert BUNDLE["compatibility"]["runtimes"]["python"] == PROJECT["requires-python"]


def test_the_registry_entry_has_the_form_that_the_registry_takes() -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(ENTRY)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "x" * 101},
        {"name": "eks-diag-mcp"},
        {"version": ""},
        {"packages": [{"registryType": "pypi"}]},
        {"homepage": "x"},
    ],
)
def test_the_form_is_one_that_can_be_missed(change: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(ENTRY | change)
