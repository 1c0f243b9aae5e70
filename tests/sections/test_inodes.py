"""Section inodes: what is left of them, against kubelet's threshold."""

from eks_diag_mcp.sections import inodes

from .conftest import FakeBundle, keys
from .test_disk import MOUNT, config, mounts

HEAD = "Filesystem       Inodes  IUsed    IFree IUse% Mounted on\n"


def read(row, **files):
    return inodes.read(FakeBundle({"storage/inodes.txt": HEAD + row + "\n"} | files), None)


def test_counts_are_told_for_each_mount():
    section = read("/dev/nvme0n1p1 41941952 512331 41429621    2% /\n127.0.0.1:/  0 0 0 - /mnt/efs\ntmpfs 9 8 1 89% /run")
    assert section.outcome == "ok" and section.value("inodes_used", "/") == 512331
    assert {r.scope for r in section.readings if r.scope} == {"/"}


def test_past_the_threshold_kubelet_evicts():
    section = read("/dev/nvme0n1p1 5242880 5105213 137667   98% /", **config(**{"nodefs.inodesFree": "5%"}))
    issue = keys(section)["inodes.eviction_threshold"]
    assert section.outcome == "problem" and (issue.severity, issue.weight, issue.speaks_for) == ("high", 4, ("inode",))
    assert "137667 inodes (2.6 %)" in issue.title and issue.because[0].line == 2


def test_a_full_xfs_disk_is_the_reason_rather_than_inodes():
    disk = mounts("/dev/nvme0n1p1   80G   79G  1.1G  99% /")
    issue = keys(read("/dev/nvme0n1p1 900000 880000 20000   98% /", **disk))["inodes.eviction_threshold"]
    assert issue.weight == 2 and "disk is full as well" in issue.title


def test_images_without_inodes_are_no_problem():
    table = "/dev/dm-0 on / type erofs (ro)\n/dev/nvme1n1p1 on /var type xfs (rw)\n/dev/nvme1n1p1 on /local type xfs (rw)\n"
    rows = "/dev/root             -     - 18446744073709540218     - /\n/dev/nvme1n1p1 41942016 15302 41926714    1% /local"
    section = read(rows, **{"storage/mounts.txt": table})
    assert section.outcome == "ok" and section.value("nodefs_inodes_used_percent") == 1


def test_a_volume_without_inodes_is_told_and_speaks_softly():
    section = read(
        "/dev/nvme0n1p1 41941952 5 41429621    1% /\n/dev/nvme2n1 65536 65536 0  100% /data", **{"storage/mounts.txt": MOUNT}
    )
    assert keys(section)["inodes.none_left"].weight == 1
