"""Section cni: which VPC CNI, with which settings, and does the runtime use it."""

import pytest

from eks_diag_mcp.sections import cni

from .conftest import CNI_ENV, CONFLIST, DMI, DOWN, IFCONFIG, FakeBundle, cards, container, keys, node, three
from .conftest import eni as an_eni


def test_a_healthy_configuration_has_no_issue():
    section = cni.read(node(three(9, 2), **{"networking/ifconfig.txt": IFCONFIG.format("eth0", 9001)}), None)
    assert (section.outcome, section.issues) == ("ok", ())
    assert (section.value("mode"), section.value("conflist_mtu"), section.value("version")) == (
        "secondary_ip",
        9001,
        "v1.20.4",
    )
    assert section.value("deciding_target") == "eni" and section.value("effective_warm_eni_target") == 1
    assert section.value("WARM_IP_TARGET", "settings") == "not set"


def test_a_lexically_earlier_foreign_file_takes_the_node_from_the_vpc_cni():
    files = {"cni/05-cilium.conflist": '{"name":"cilium","plugins":[{"type":"cilium-cni"}]}'}
    issue = keys(cni.read(node(three(9, 2), **files), None))["cni.foreign_conflist"]
    assert issue.severity == "high" and [e.file for e in issue.because] == [
        "cni/05-cilium.conflist",
        "cni/10-aws.conflist",
    ]


def test_a_chained_plugin_leaves_the_addresses_to_the_vpc_cni():
    files = {"cni/05-cilium.conflist": '{"plugins":[{"type":"aws-cni","mtu":"9001"},{"type":"cilium-cni"}]}'}
    section = cni.read(node(three(9, 2), **files), None)
    assert section.outcome == "ok" and section.value("ipam_owner") == "VPC CNI"


def test_another_cni_alone_makes_the_section_not_applicable():
    section = cni.read(FakeBundle({"cni/10-calico.conflist": '{"plugins":[{"type":"calico"},{"type":"portmap"}]}'}), None)
    assert section.outcome == "not_applicable" and section.value("ipam_owner") == "Calico" and not section.issues


def test_files_below_the_folder_are_not_configurations():
    files = {"cni/00-multus.d/a.conf": '{"type":"macvlan"}', "cni/multus.kubeconfig": "x"}
    assert cni.read(node(three(9, 2), **files), None).value("conflist") == "cni/10-aws.conflist"


def test_a_missing_configuration_says_that_ipamd_was_never_ready():
    line = 'Jan 10 11:59:50 ip kubelet[3301]: E0110 11:59:50.000000    3301 kubelet.go:2902] "Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized"\n'
    section = cni.read(FakeBundle({"kubelet/kubelet.log": line, "ipamd/enis.json": ""}), None)
    issue = keys(section)["cni.conflist_missing"]
    assert section.outcome == "problem" and issue.role == "echo" and issue.because[0].file == "kubelet/kubelet.log"
    old = line.replace("11:59:50", "03:00:00")
    assert cni.read(FakeBundle({"kubelet/kubelet.log": old}), None).outcome == "unknown"


def test_unfilled_placeholders_are_quoted():
    files = {"cni/10-aws.conflist": CONFLIST.replace('"9001"', '"__MTU__"', 1)}
    issue = keys(cni.read(node(three(9, 2), **files), None))["cni.conflist_placeholder"]
    assert (
        issue.because[0].text == '"mtu": "__MTU__",'
        and issue.because[0].line == CONFLIST[: CONFLIST.index('"9001"')].count("\n") + 1
    )


def test_pods_may_not_send_longer_packets_than_the_interface_takes():
    def issues(*pairs):
        return keys(cni.read(node(three(9, 2), **{"networking/ifconfig.txt": "".join(IFCONFIG.format(*p) for p in pairs)}), None))

    assert issues(("eth0", 1500), ("eni0a1b2c3d4e5", 9001))["cni.mtu_mismatch"].severity == "medium"
    assert list(issues(("eth0", 9001), ("eni0a1b2c3d4e5", 1500))) == ["cni.pod_mtu_stale"]
    assert not issues(("eth0", 9001), ("eni0a1b2c3d4e5", 9001), ("docker0", 1500))


def test_prefix_delegation_without_any_target_is_refused_at_start():
    env = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "0"}
    down = DOWN | {CNI_ENV: container(env), "kernel/dmesg.current": DMI.format("m5.large")}
    issue = keys(cni.read(FakeBundle(down), None))["cni.prefix_target_zero"]
    assert [e.text for e in issue.because] == ['"ENABLE_PREFIX_DELEGATION=true",', '"WARM_PREFIX_TARGET=0"']
    assert "cni.prefix_target_zero" not in keys(
        cni.read(FakeBundle(down | {CNI_ENV: container(env | {"WARM_IP_TARGET": "1"})}), None)
    )
    assert not keys(cni.read(node(three(9, 2), env), None)), "a pool that answers has started"


def test_prefix_delegation_on_xen_falls_back_to_single_addresses():
    section = cni.read(node(three(9, 2), {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}, "m4.4xlarge"), None)
    assert section.value("mode") == "secondary_ip" and list(keys(section)) == ["cni.prefix_unsupported"] and section.outcome == "ok"


def test_the_mode_follows_the_settings_and_without_them_the_pool():
    assert (
        cni.read(node(three(9, 2), {"ENABLE_PREFIX_DELEGATION": "true", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true"}), None).value(
            "mode"
        )
        == "custom_networking_prefix"
    )
    assert cni.read(node([], {"ENABLE_IPv6": "true", "ENABLE_IPv4": "false"}), None).value("mode") == "ipv6"
    prefixes = [an_eni("eni-0", 0), an_eni("eni-1", 1, ("10.0.1.16/28", []))]
    assert cni.read(FakeBundle({"ipamd/enis.json": cards(prefixes)}), None).value("mode") == "custom_networking_prefix"
    assert cni.read(FakeBundle({"ipamd/enis.json": cards([])}), None).value("mode") == "unknown"


def test_pod_interfaces_of_another_prefix_than_the_configurations_are_told() -> None:
    lines = "".join(IFCONFIG.format(f"cali{n}a2b3c4d", 9001) for n in range(3))
    section = cni.read(node(three(), **{"networking/ifconfig.txt": IFCONFIG.format("eth0", 9001) + lines}), None)
    assert keys(section)["cni.interfaces_missing"].speaks_for == ("cni_plugin",)
    ours = lines.replace("cali", "eni")
    section = cni.read(node(three(), **{"networking/ifconfig.txt": IFCONFIG.format("eth0", 9001) + ours}), None)
    assert "cni.interfaces_missing" not in keys(section)


@pytest.mark.parametrize(("policy", "told"), [("persistent", True), ("none", False), ("", False)])
def test_mac_addresses_that_systemd_rewrites_are_told_on_ubuntu(policy: str, told: bool) -> None:
    link = f"# /usr/lib/systemd/network/99-default.link\n[Link]\nMACAddressPolicy={policy}\n"
    uname = "Linux h 6.8.0-1021-aws #23-Ubuntu SMP x86_64 GNU/Linux\n"
    files = {"networking/systemd-network/99-default.link": link, "kernel/uname.txt": uname}
    assert ("cni.mac_address_policy" in keys(cni.read(node(three(), **files), None))) is told
