"""Section efs_csi: mounts and the tunnels behind them."""

from eks_diag_mcp.sections import efs_csi

from .conftest import FakeBundle, keys, ps

LOG = "var_log/kube-system_efs-csi-node-abcde_0f0e/efs-plugin/0.log"
TUNNEL = "/sbin/efs-proxy /var/run/efs/stunnel-config.fs-0a1b2c3d.var.lib.kubelet.pods.x.mount.{} --tls"


def mount(port, pod="a"):
    point = f"/var/lib/kubelet/pods/{pod}{port}/volumes/kubernetes.io~csi/pvc-1/mount"
    return f"127.0.0.1:/ on {point} type nfs4 (rw,relatime,vers=4.1,rsize=1048576,hard,noresvport,proto=tcp,port={port},addr=127.0.0.1)\n"


def read(mounts, *commands, **more):
    root = "/dev/nvme0n1p1 on / type xfs (rw,noatime)\n"
    log = "2026-01-10T03:00:00.0Z stderr F I0110 03:00:00.000001       1 driver.go:140] Starting efs-utils watchdog\n"
    files = {LOG: log, "storage/mounts.txt": root + mounts, "system/ps.txt": ps(*commands)}
    return efs_csi.read(FakeBundle(files | more), None)


def test_each_encrypted_mount_has_its_tunnel():
    section = read(mount(20049) + mount(20050) + mount(20050, "b"), *(TUNNEL.format(p) for p in (20049, 20050)))
    assert (section.value("mounts_encrypted"), section.value("tunnels"), section.outcome) == (2, 2, "ok")


def test_mounts_whose_tunnels_are_gone_stand_still():
    issue = keys(read(mount(20049) + mount(20050)))["efs_csi.tunnels_gone"]
    assert (issue.severity, issue.weight, issue.speaks_for) == ("high", 4, ("efs",)) and "port=20049" in issue.because[0].text
    assert keys(read(mount(20049) + mount(20050), TUNNEL.format(20049)))["efs_csi.tunnels_missing"].weight == 2


def test_dead_tunnels_do_not_count():
    section = read(mount(20049), "[stunnel5] <defunct>", "[stunnel5] <defunct>")
    assert (section.value("tunnels"), section.value("tunnels_defunct")) == (0, 2)
    assert "efs_csi.tunnels_gone" in keys(section)


def test_without_a_process_list_nothing_is_concluded():
    section = read(mount(20049), **{"system/ps.txt": "USER PID\n"})
    assert section.value("tunnels") is None and section.outcome == "ok" and not section.issues


def test_a_word_in_a_pods_arguments_is_no_tunnel():
    assert read(mount(20049), "sh -c stunnel5 /var/run/efs/x").value("tunnels") == 0


def test_the_version_is_that_of_the_only_image():
    images = "REF TYPE DIGEST\nregistry.example/eks/aws-efs-csi-driver:{} application/x sha256:0a 1 MiB\n"
    assert read("", **{"containerd/containerd-images.txt": images.format("v2.1.4")}).value("driver_version") == "v2.1.4"
    both = images.format("v2.1.4") + images.format("v2.1.0")
    assert read("", **{"containerd/containerd-images.txt": both}).value("driver_version") is None


def test_watchdog_errors_are_quoted():
    log = "2026-01-10T11:58:00.0Z stdout F 2026-01-10 11:58:00 UTC - ERROR - Failed to start TLS tunnel\n"
    issue = keys(read(mount(20049), TUNNEL.format(20049), **{LOG: log}))["efs_csi.driver_errors"]
    assert issue.because[0].line == 1 and "quarter of an hour" in issue.title


def test_a_node_that_does_without_the_driver_is_not_applicable():
    files = {"storage/mounts.txt": "/dev/nvme0n1p1 on / type xfs (rw,noatime)\n", "system/ps.txt": ps()}
    assert efs_csi.read(FakeBundle(files), None).outcome == "not_applicable"
