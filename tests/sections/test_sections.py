"""What holds for every section."""

import ast
from pathlib import Path

import pytest

import eks_diag_mcp.sections as lab
from eks_diag_mcp.sections.catalogue import SECTIONS

from .conftest import FakeBundle, node, three


def test_the_table_names_each_section_once_and_each_answers_an_empty_bundle_with_unknown():
    assert len({name for name, _ in SECTIONS}) == len(SECTIONS)
    for name, read in SECTIONS:
        section = read(FakeBundle({}), None)
        assert section.name == name and section.outcome == "unknown" and not section.issues
        assert all(r.value in (None, "unknown", "not set", "false", "1") for r in section.readings), section.readings


def test_no_section_imports_another():
    names = {name for name, _ in SECTIONS}
    for name in names:
        tree = ast.parse((Path(lab.__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
        imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not imported & (names - {name})


STATE_FILES = (
    "ipamd/enis.json",
    "ipamd/ipam.json",
    "ipamd/metrics.json",
    "ipamd/ipamd-env-settings.json",
    "ipamd/networkutils-env-settings.json",
    "cni/10-aws.conflist",
    "cni/cni-configuration-variables-containerd.json",
    "kubelet/config.json",
    "networking/ifconfig.txt",
    "system/ps.txt",
    "containerd/containerd-containers.txt",
)
DAMAGED = (
    "",
    "null",
    "[]",
    "command not found\n",
    '{"0": 5}',
    '{"0": {"ENIs": {"e": 5}}}',
    '{"ENIs": {"e": {"AvailableIPv4Cidrs": {"x": 7, "y/99": {"IPAddresses": {"a": []}}}}}}',
    '{"plugins": [5, {"type": 7}], "maxPods": "x", "WARM_IP_TARGET": {"a": 1}}',
    '{"Spec": {"process": {"env": [5, "A"]}}, "allocations": [5, {"allocationTimestamp": 1e99}]}',
    "awscni_eni_max -3\nawscni_ip_max 0\nawscni_total_ip_addresses 1e300\n",
)


@pytest.mark.parametrize("path", STATE_FILES)
def test_a_damaged_file_never_breaks_a_section(path):
    for text in DAMAGED:
        for name, read in SECTIONS:
            assert read(node(three(9, 2), **{path: text}), None).name == name
