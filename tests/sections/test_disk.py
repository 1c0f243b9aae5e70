"""Section disk: use of each mount against kubelet's thresholds."""

import json

import pytest

from eks_diag_mcp.sections import disk

from .conftest import FakeBundle, keys

MOUNT = "/dev/nvme0n1p1 on / type xfs (rw,noatime,seclabel,attr2,inode64,logbufs=8,logbsize=32k,noquota)\n"
OVERLAY = "overlay on /run/containerd/io.containerd.runtime.v2.task/k8s.io/0a1b/rootfs type overlay (rw,relatime)\n"
HEAD = "Filesystem      Size  Used Avail Use% Mounted on\n"
DF = "devtmpfs        4.0M     0  4.0M   0% /dev\ntmpfs           3.8G     0  3.8G   0% /dev/shm\n"


def mounts(root, *more, table=MOUNT, blank="\n"):
    rows = "".join(f"{line}\n" for line in (root, *more))
    return {"storage/mounts.txt": f"{table}{OVERLAY}{blank}{HEAD}{DF}{rows}overlay          80G   78G  2.1G  98% /run/x\n"}


def config(**hard):
    return {"kubelet/config.json": json.dumps({"kind": "KubeletConfiguration", "evictionHard": hard}, indent=2)}


def read(files):
    return disk.read(FakeBundle(files), None)


@pytest.mark.parametrize("blank", ["\n", ""])
def test_each_mount_is_told_with_units_with_and_without_the_blank_line(blank):
    section = read(mounts("/dev/nvme0n1p1   80G   33G   48G  41% /", "/dev/nvme2n1    9.8G  1.5G  8.3G  16% /data", blank=blank))
    assert section.outcome == "ok" and not section.issues
    assert (section.value("used_percent", "/"), section.value("size_gib", "/"), section.value("available_gib", "/")) == (41, 80, 48)
    assert section.value("used_gib", "/data") == 1.5 and section.value("nodefs_mount") == "/"
    assert {r.scope for r in section.readings if r.scope} == {"/", "/data"}  # memory and container roots are left out
    assert section.readings[1].ref.line == (7 if blank else 6)


def test_past_the_threshold_kubelet_evicts():
    layer = "1.1M\t/var/lib/containerd/snapshots/3/fs\n41G\t/var/lib/containerd/snapshots/41/fs\n"
    files = mounts("/dev/nvme0n1p1   80G   78G  2.9G  97% /") | config(**{"nodefs.available": "10%"})
    section = read(files | {"storage/pod_local_storage.txt": layer})
    issue = keys(section)["disk.eviction_threshold"]
    assert section.outcome == "problem" and (issue.severity, issue.weight, issue.speaks_for) == ("high", 4, ("eviction_disk",))
    assert "2.9 GiB (3 %) available, below the eviction threshold nodefs.available 10%" in issue.title
    assert [e.file for e in issue.because] == ["storage/mounts.txt", "kubelet/config.json", "storage/pod_local_storage.txt"]
    assert issue.because[2].text.startswith("41G") and section.value("container_layers_gib") == 41.0


@pytest.mark.parametrize(
    ("row", "issue"),
    [
        ("80G   72G  8.0G  91% /", "past"),  # 91 % used, rounded up: surely more than 90
        ("80G   72G  8.0G  90% /", "at"),
        ("80G   70G   11G  88% /", None),
        ("100G   90G  9.6G  91% /", "past"),
    ],
)
def test_what_df_rounds_away_is_not_made_up(row, issue):
    found = keys(read(mounts(f"/dev/nvme0n1p1   {row}") | config(**{"nodefs.available": "10%"})))
    stand = found.get("disk.eviction_threshold")
    assert (stand and (stand.severity, stand.weight)) == {"past": ("high", 4), "at": ("medium", 2), None: None}[issue]


def test_thresholds_are_those_configured():
    row = "/dev/nvme0n1p1   80G   75G  5.5G  94% /"
    assert keys(read(mounts(row) | config(**{"nodefs.available": "5%"}))) == {}
    assert "disk.eviction_threshold" in keys(read(mounts(row) | config(**{"nodefs.available": "6Gi"})))
    # Whoever sets evictionHard without nodefs.available has switched that threshold off.
    assert keys(read(mounts(row) | config(**{"memory.available": "100Mi"}))) == {}
    assumed = keys(read(mounts(row)))["disk.eviction_threshold"]
    assert "assumed" in assumed.title


def test_images_count_against_their_own_threshold():
    table = MOUNT + "/dev/nvme1n1 on /var/lib/containerd type xfs (rw,noatime)\n"
    rows = ("/dev/nvme0n1p1   80G   33G   48G  41% /", "/dev/nvme1n1    100G   88G   13G  88% /var/lib/containerd")
    files = mounts(*rows, table=table)
    section = read(files | config(**{"nodefs.available": "10%", "imagefs.available": "15%"}))
    assert "container images" in keys(section)["disk.eviction_threshold"].title
    assert section.value("imagefs_mount") == "/var/lib/containerd" and section.value("imagefs_used_percent") == 88
    assert keys(read(files | config(**{"nodefs.available": "10%"}))) == {}


def test_a_disk_bound_to_several_places_is_found_by_its_device():
    table = (
        "/dev/dm-0 on / type erofs (ro,relatime,seclabel)\n/dev/nvme1n1p1 on /local type xfs (rw,nosuid,noatime)\n"
        "/dev/nvme1n1p1 on /var type xfs (rw,nosuid,noatime)\n"
    )
    section = read(mounts("/dev/root       412M  412M     0 100% /", "/dev/nvme1n1p1   80G  2.9G   78G   4% /local", table=table))
    assert section.outcome == "ok" and section.value("nodefs_mount") == "/local"
    assert not [i for i in section.issues if i.severity in ("critical", "high", "medium")]


def test_a_read_only_remount_is_told():
    section = read(mounts("/dev/nvme0n1p1   80G   33G   48G  41% /", table=MOUNT.replace("(rw,", "(ro,")))
    issue = keys(section)["disk.read_only"]
    assert (issue.weight, issue.speaks_for) == (2, ("eviction_disk",)) and issue.because[0].text.startswith("/dev/nvme0n1p1")


def test_full_volumes_of_pods_are_no_problem_of_the_node():
    point = "/var/lib/kubelet/pods/2a1b/volumes/kubernetes.io~csi/pvc-1/mount"
    section = read(mounts("/dev/nvme0n1p1   80G   33G   48G  41% /", f"/dev/nvme2n1    9.8G  9.8G     0 100% {point}"))
    assert section.outcome == "ok" and keys(section)["disk.volume_full"].severity == "low"


def test_half_a_table_is_unknown():
    files = {"storage/mounts.txt": MOUNT + "\n" + HEAD + "devtmpfs        4.0M     0  4.0M   0% /dev\n/dev/nvme0n1p1   8"}
    assert read(files).outcome == "unknown" and read(files).value("nodefs_used_percent") is None


def test_no_container_layers_and_unread_ones_differ():
    assert read({"storage/pod_local_storage.txt": "4.0K\t.\n"}).value("container_layers_gib") == 0.0
    assert read({}).value("container_layers_gib") is None
