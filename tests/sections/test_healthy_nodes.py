"""What holds for healthy nodes: no section of the host and its storage sees a problem there, whatever the logs claim."""

import pytest

from eks_diag_mcp.sections.catalogue import SECTIONS

from .conftest import FakeBundle
from .healthy import NODES, healthy

OURS = ("disk", "inodes", "io", "kubelet", "ebs_csi", "efs_csi", "pv_pvc", "instance", "host")


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("section", OURS)
def test_a_healthy_node_has_no_issue_worth_a_look(section, name):
    read = dict(SECTIONS)[section]
    found = read(healthy(name), None)
    assert found.outcome == "ok"
    assert not [i.key for i in found.issues if i.severity in ("critical", "high", "medium")]


@pytest.mark.parametrize("section", OURS)
def test_error_text_and_empty_files_are_missing_evidence(section):
    read = dict(SECTIONS)[section]
    names = (
        "storage/mounts.txt",
        "storage/inodes.txt",
        "storage/lsblk.txt",
        "storage/xfs.txt",
        "storage/pod_local_storage.txt",
        "system/ps.txt",
        "system/ps-threads.txt",
        "system/top.txt",
        "system/services.txt",
        "system/io_throttling.txt",
        "system/cpu_throttling.txt",
        "system/last_reboot.txt",
        "system/pkglist.txt",
        "system/selinux.txt",
        "system/large_environments.txt",
        "system/pressure_io.txt",
        "system/allprocstat.txt",
        "system/procstat.txt",
        "kubelet/config.json",
        "kubelet/kubelet_service.txt",
        "sysctls/sysctl_all.txt",
        "containerd/containerd-version.txt",
    )
    for text in ("", "\n", "bash: line 1: df: command not found\n", "Failed to connect to bus: No such file or directory\n"):
        found = read(FakeBundle(dict.fromkeys(names, text)), None)
        assert found.outcome == "unknown" and not found.issues
        numbers = [r for r in found.readings if isinstance(r.value, int | float) and not isinstance(r.value, bool)]
        assert not numbers
