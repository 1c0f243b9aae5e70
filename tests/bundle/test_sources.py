"""Every path that collectors write belongs to the right source (bundle-format 1.3 and 2.2)."""

from pathlib import Path

import pytest

from eks_diag_mcp.bundle.sources import Sources, glob_regex, sources
from eks_diag_mcp.errors import BadInput, CatalogueError

HEX = "0123456789abcdef" * 4
TABLE = {
    "instance-id": "system/instance-id.txt",
    "region": "system/region.txt system/availability-zone.txt",
    "script-params": "system/script-params.txt",
    "selinux": "system/selinux.txt",
    "packages": "system/pkglist.txt",
    "services": "system/services.txt",
    "host-info": "system/systemd-analyze.svg",
    "processes": "system/top.txt system/ps.txt system/ps-threads.txt system/procstat.txt system/allprocstat.txt",
    "netstat": "system/netstat.txt",
    "environments": "system/large_environments.txt",
    "throttling": "system/cpu_throttling.txt system/io_throttling.txt",
    "pressure": "system/pressure_cpu.txt system/pressure_memory.txt system/pressure_io.txt",
    "last-reboot": "system/last_reboot.txt",
    "dmesg": "kernel/dmesg.boot kernel/dmesg.current kernel/dmesg.human.current",
    "uname": "kernel/uname.txt",
    "modinfo": "modinfo/lustre modinfo/ip_vs",
    "mounts": "storage/mounts.txt",
    "inodes": "storage/inodes.txt",
    "block-devices": "storage/lsblk.txt storage/lvs.txt storage/pvs.txt storage/vgs.txt storage/fstab.txt",
    "xfs": "storage/xfs.txt",
    "pod-local-storage": "storage/pod_local_storage.txt",
    "iptables": "networking/iptables-mangle.txt networking/iptables-filter.txt networking/iptables-nat.txt networking/iptables.txt "
    "networking/ip6tables-nat.txt networking/iptables-save.txt networking/ip6tables-save.txt",
    "nftables": "networking/nftables-ip-aws-cni.txt",
    "ipvs": "networking/ipvsadm.txt networking/ipset.txt",
    "conntrack": "networking/conntrack.txt networking/conntrack6.txt",
    "ifconfig": "networking/ifconfig.txt",
    "ip-rules": "networking/iprule.txt networking/ip6rule.txt",
    "ip-routes": "networking/iproute.txt networking/ip6route.txt",
    "multicard-log": "networking/configure-multicard-interfaces.txt",
    "ping": "networking/ping_amazon.com.txt networking/ping_public.ecr.aws.txt",
    "api-server-check": "networking/curl_api_server.txt networking/get_api_server.txt",
    "resolv-conf": "networking/resolv.conf",
    "ethtool": "networking/ethtool.txt",
    "systemd-network": "networking/systemd-network/network.txt networking/CheckMacAddressPolicy.log",
    "ebpf": "networking/ebpf-data.txt networking/ebpf-maps-data.txt networking/ebpf-cp-maps-data.txt",
    "sysctls": "sysctls/sysctl_all.txt",
    "kubelet-log": "kubelet/kubelet.log",
    "kubelet-service": "kubelet/kubelet_service.txt kubelet/kubelet-eks_service.txt",
    "kubeconfig": "kubelet/kubeconfig.yaml",
    "kubectl-svc": "kubelet/svc.log",
    "kubelet-config": "kubelet/config.json kubelet/kubelet-config.json kubelet/config.json.d/40-nodeadm.conf",
    "nodeadm-log": "nodeadm/nodeadm-config.log nodeadm/nodeadm-run.log nodeadm/nodeadm-boot-hook.log",
    "udev-net-manager": "nodeadm/udev-net-manager_eth1.log",
    "containerd-config": "containerd/containerd-config.txt",
    "containerd-log": "containerd/containerd-log.txt",
    "containerd-stacks": "containerd/containerd.2807.stacks.log",
    "containerd-version": "containerd/containerd-version.txt",
    "containerd-state": "containerd/containerd-namespaces.txt containerd/containerd-images.txt containerd/containerd-containers.txt "
    "containerd/containerd-tasks.txt containerd/containerd-plugins.txt",
    "soci-snapshotter": "containerd/soci-snapshotter/soci-snapshotter-log.txt",
    "docker-log": "docker/docker.log",
    "docker-state": "docker/docker-info.txt docker/docker-ps.txt docker/docker-trace.log",
    "sandbox-image": "sandbox-image/sandbox-image-log.txt",
    "cni-config": "cni/10-aws.conflist cni/00-multus.conf cni/05-cilium.conflist",
    "cni-env": "cni/cni-configuration-variables-containerd.json cni/cni-configuration-variables-dockerd.txt",
    "enis": "ipamd/enis.json ipamd/enis.txt",
    "ipamd-pods": "ipamd/pods.json",
    "networkutils-env": "ipamd/networkutils-env-settings.json",
    "ipamd-env": "ipamd/ipamd-env-settings.json",
    "eni-configs": "ipamd/eni-configs.json",
    "ipamd-metrics": "ipamd/metrics.json ipamd/metrics.txt",
    "ipam-checkpoint": "ipamd/ipam.json ipamd/ipam-nic-1.json",
    "ipamd-flags": "ipamd/ipam_introspection_ignore.txt ipamd/ipam_metrics_ignore.txt",
    "gpu": "gpu/nvidia-bug-report.log.gz gpu/nvidia-bug-report-exec.log",
    "messages": "var_log/messages var_log/syslog",
    "cron": "var_log/cron",
    "cloud-init": "var_log/cloud-init.log var_log/cloud-init-output.log",
    "user-data": "var_log/user-data.log",
    "other": "var_log/unattended-upgrades/unattended-upgrades.log some/thing.txt top-level",
    "ipamd-log": "var_log/aws-routed-eni/ipamd.log var_log/aws-routed-eni/ipamd-2026-01-10T09-00-00.000.log.gz",
    "plugin-log": "var_log/aws-routed-eni/plugin.log",
    "egress-plugin-log": "var_log/aws-routed-eni/egress-v4-plugin.log var_log/aws-routed-eni/egress-v6-plugin.log",
    "network-policy-agent": "var_log/aws-routed-eni/network-policy-agent.log var_log/aws-routed-eni/ebpf-sdk.log "
    f"var_log/kube-system_aws-node-x_uid/aws-eks-nodeagent/0.log var_log/aws-node-x_kube-system_aws-eks-nodeagent-{HEX}.log",
    "aws-node": f"var_log/kube-system_aws-node-x_uid/aws-node/0.log var_log/kube-system_aws-node-x_uid/aws-vpc-cni-init/0.log.20260110-090000.gz var_log/aws-node-x_kube-system_aws-node-{HEX}.log",
    "kube-proxy": f"var_log/kube-system_kube-proxy-x_uid/kube-proxy/0.log var_log/kube-proxy-x_kube-system_kube-proxy-{HEX}.log "
    "var_log/kube-proxy.log kubelet/kubeproxy.log automode/kube-proxy.txt",
    "coredns": f"var_log/kube-system_coredns-5d-x_uid/coredns/0.log var_log/coredns-5d-x_kube-system_coredns-{HEX}.log "
    "automode/coredns.txt automode/coredns-boostrap.txt",
    "ebs-csi": f"var_log/kube-system_ebs-csi-node-x_uid/ebs-plugin/0.log var_log/ebs-csi-node-x_kube-system_ebs-plugin-{HEX}.log automode/eks-ebs-csi-driver.txt",
    "efs-csi": f"var_log/kube-system_efs-csi-node-x_uid/efs-plugin/0.log var_log/efs-csi-node-x_kube-system_efs-plugin-{HEX}.log",
    "other-csi": f"var_log/kube-system_fsx-csi-node-x_uid/fsx-plugin/0.log var_log/fsx-openzfs-csi-node-x_kube-system_p-{HEX}.log "
    f"var_log/file-cache-csi-x_kube-system_p-{HEX}.log var_log/kube-system_s3-csi-node-x_uid/s3-plugin/0.log var_log/s3-csi-node-x_kube-system_p-{HEX}.log",
    "pod-identity-agent": f"var_log/kube-system_eks-pod-identity-agent-x_uid/eks-pod-identity-agent/0.log "
    f"var_log/eks-pod-identity-agent-x_kube-system_a-{HEX}.log automode/eks-pod-identity-agent.txt",
    "node-monitoring-agent": f"var_log/kube-system_eks-node-monitoring-agent-x_uid/a/0.log var_log/eks-node-monitoring-agent-x_kube-system_a-{HEX}.log "
    "automode/eks-node-monitoring-agent.txt",
    "eks-healthchecker": "automode/eks-healthchecker.txt",
    "cni-metrics-helper": "var_log/kube-system_cni-metrics-helper-x_uid/cni-metrics-helper/0.log",
    "multus": "var_log/kube-system_kube-multus-ds-x_uid/kube-multus/0.log",
    "mountpoint-s3": f"var_log/mount-s3_mp-x_uid/mountpoint/0.log var_log/mount-s3_hr-x_uid/mountpoint/0.log var_log/mp-x_mount-s3_mountpoint-{HEX}.log",
    "capture-errors": "log-capture-errors.log",
    "bottlerocket": "bottlerocket/application-inventory.json bottlerocket/logdog/command-output.log bottlerocket/logdog/bottlerocket-logs.tar.gz/journalctl.log",
    "pod-log": "var_log/shop_web-1_uid/web/0.log",
}


@pytest.mark.parametrize(("path", "source"), [(path, source) for source, paths in TABLE.items() for path in paths.split()])
def test_a_path_belongs_to_its_source(path: str, source: str) -> None:
    assert sources().of(path).name == source


def test_a_star_stays_within_its_folder_and_two_cross_folders() -> None:
    assert [glob_regex(g) for g in ("a/*.log", "a/**")] == [r"a/[^/]*\.log", "a/.*"]


def test_names_of_groups_and_sources_expand_in_any_case() -> None:
    assert sources().expand([" IPAMD-log ", "dmesg"]) == {"ipamd-log", "dmesg"}
    assert {"kubelet-log", "kubelet-config", "dmesg"} <= sources().expand(["kubelet", "kernel"])


def test_an_unknown_name_is_refused_with_all_valid_ones() -> None:
    with pytest.raises(BadInput) as refused:
        sources().expand(["kubelet", "ipamdd"])
    assert "'ipamdd'" in refused.value.message
    assert {"ipamd-log", "networking", "plugin-log"} <= set(
        refused.value.next_step.replace(".", ",").replace(":", ",").replace(" ", "").split(",")
    )


def test_a_table_with_a_name_twice_or_an_unknown_member_of_a_group_does_not_load(tmp_path: Path) -> None:
    row = "  - {name: a, component: c, paths: ['**']}\n"
    path = tmp_path / "sources.yaml"
    path.write_text(f"groups: {{g: [a, b]}}\nsources:\n{row}{row}")
    with pytest.raises(CatalogueError) as refused:
        Sources(path)
    assert "'a' stands twice" in str(refused.value) and "unknown source 'b'" in str(refused.value)
