"""Which settings are in force, and where each was read."""

import json

from eks_diag_mcp.sections.readers.cni_release import read_release, release_of
from eks_diag_mcp.sections.readers.cni_settings import effective_targets, read_settings
from eks_diag_mcp.sections.readers.interfaces import read_interfaces
from eks_diag_mcp.sections.readers.node_size import read_instance_type, read_max_pods
from eks_diag_mcp.sections.readers.processes import running
from eks_diag_mcp.sections.readers.state_files import metrics_file

from .conftest import CNI_ENV, DMI, LOG, PS, FakeBundle, container, ps, zap


def test_the_aws_node_container_is_the_one_with_most_cni_variables():
    text = (
        container({"HOSTNAME": "a"})
        + container({"WARM_IP_TARGET": "5", "MAX_ENI": "2", "SECRET": "x"})
        + container({"ENABLE_IPv6": "false"})
    )
    settings = read_settings(FakeBundle({CNI_ENV: text}))
    assert settings.number("WARM_IP_TARGET") == 5 and settings.number("MAX_ENI") == 2 and "SECRET" not in settings.read
    one = settings.get("WARM_IP_TARGET")
    assert one.origin == "container spec" and one.evidence.text == '"WARM_IP_TARGET=5",'
    assert text.split("\n")[one.ref.line - 1].strip() == '"WARM_IP_TARGET=5",'


def test_a_running_container_goes_before_a_stopped_one():
    old, new = "aa" * 32, "bb" * 32
    text = container({"WARM_IP_TARGET": "9", "MAX_ENI": "2"}, name=old) + container({"WARM_IP_TARGET": "1"}, name=new)
    tasks = f"TASK PID STATUS\n{new}    3822   RUNNING\n{old}    1   STOPPED\n"
    settings = read_settings(FakeBundle({CNI_ENV: text, "containerd/containerd-tasks.txt": tasks}))
    assert settings.number("WARM_IP_TARGET") == 1 and settings.number("MAX_ENI") is None


def test_docker_inspect_gives_arrays():
    text = json.dumps([{"Id": "c1", "Config": {"Image": "r/amazon-k8s-cni:v1.11.4", "Env": ["WARM_ENI_TARGET=3"]}}]) + "\n[]\n"
    settings = read_settings(FakeBundle({"cni/cni-configuration-variables-dockerd.txt": text}))
    assert settings.number("WARM_ENI_TARGET") == 3 and settings.container.image.endswith("v1.11.4")


def test_error_text_in_place_of_a_container_leaves_the_defaults():
    settings = read_settings(FakeBundle({CNI_ENV: "ctr: container id must be provided\n"}))
    assert settings.container is None and not settings.known("MAX_ENI")
    assert settings.get("IP_COOLDOWN_PERIOD").value == "30" and settings.get("IP_COOLDOWN_PERIOD").origin == "default"


def test_what_ipamd_says_goes_before_the_container_spec():
    files = {
        CNI_ENV: container({"WARM_IP_TARGET": "5", "AWS_VPC_ENI_MTU": "1500"}),
        "ipamd/ipamd-env-settings.json": '{"WARM_IP_TARGET":2,"WARM_ENI_TARGET":1,"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":true}',
        "ipamd/networkutils-env-settings.json": '{"AWS_VPC_ENI_MTU":9001,"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS":["10.0.0.0/8"],"AWS_EXTERNAL_SERVICE_CIDRS":null}',
    }
    settings = read_settings(FakeBundle(files))
    assert settings.number("WARM_IP_TARGET") == 2 and settings.get("WARM_IP_TARGET").origin == "ipamd"
    assert settings.flag("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") and settings.number("AWS_VPC_ENI_MTU") == 9001
    assert settings.get("AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS").value == "10.0.0.0/8"
    assert "AWS_EXTERNAL_SERVICE_CIDRS" not in settings.read


def test_without_the_environment_the_log_tells_the_targets():
    line = "IP pool manager - max pods: 29, warm IP target: 2, warm prefix target: 1, warm ENI target: 0, minimum IP target: 23"
    settings = read_settings(FakeBundle({LOG: zap(line)}))
    assert settings.number("MINIMUM_IP_TARGET") == 23 and settings.get("MINIMUM_IP_TARGET").origin == "log"
    each = read_settings(FakeBundle({LOG: zap("Using MINIMUM_IP_TARGET 4")}))
    assert each.number("MINIMUM_IP_TARGET") == 4 and each.number("WARM_IP_TARGET") is None


def test_ip_targets_override_the_warm_eni_and_prefix_targets():
    ip = effective_targets(
        read_settings(FakeBundle({CNI_ENV: container({"MINIMUM_IP_TARGET": "10", "WARM_ENI_TARGET": "2"})})),
        prefixes=True,
    )
    assert ip.deciding == "ip" and ip.overridden == ("WARM_ENI_TARGET", "WARM_PREFIX_TARGET")
    plain = read_settings(FakeBundle({CNI_ENV: container({"WARM_PREFIX_TARGET": "1"})}))
    assert effective_targets(plain, prefixes=True).deciding == "prefix"
    eni = effective_targets(plain, prefixes=False)
    assert (eni.deciding, eni.warm_eni) == ("eni", 1)


def test_values_that_are_no_numbers_or_booleans_count_as_not_set():
    settings = read_settings(FakeBundle({CNI_ENV: container({"MAX_ENI": "many", "ENABLE_POD_ENI": "yes", "ENABLE_IPv6": "T"})}))
    assert settings.number("MAX_ENI") is None and not settings.flag("ENABLE_POD_ENI") and settings.flag("ENABLE_IPv6")


def test_the_release_is_read_where_the_running_one_shows():
    files = {
        "ipamd/metrics.json": 'awscni_build_info{goversion="go1.23",version="v1.20.4"} 1\n',
        LOG: zap("Starting L-IPAMD v1.19.2  ..."),
        CNI_ENV: container({"VPC_CNI_VERSION": "v1.18.0"}, "amazon-k8s-cni:v1.17.1-eksbuild.1"),
    }
    found = []
    while True:
        bundle = FakeBundle(dict(files))
        release = read_release(bundle, read_settings(bundle), metrics_file(bundle))
        if release is None or not files:
            break
        found.append((release.origin, release.text))
        files.pop(next(iter(files)))
    assert found == [("metrics", "v1.20.4"), ("ipamd start line", "v1.19.2"), ("container spec", "v1.18.0")]


def test_the_image_list_names_the_release_when_it_holds_one_only():
    def release(*tags):
        rows = "".join(f"602401143452.dkr.ecr.us-west-2.amazonaws.com/{t} application/x sha256:1 42 MiB linux -\n" for t in tags)
        bundle = FakeBundle({"containerd/containerd-images.txt": "REF TYPE\n" + rows})
        found = read_release(bundle, read_settings(bundle), metrics_file(bundle))
        return found and (found.text, found.number, found.ref.line)

    assert release("amazon-k8s-cni-init:v1.9.0", "amazon-k8s-cni:v1.16.4-eksbuild.2") == ("v1.16.4", (1, 16, 4), 3)
    assert release("amazon-k8s-cni:v1.16.4", "amazon-k8s-cni:v1.20.0") is None
    assert release_of("latest") is None


def test_the_instance_type_is_read_from_dmi_then_labels_then_ipamd():
    dmi = FakeBundle({"kernel/dmesg.current": DMI.format("m5.large"), LOG: zap("instance type: c5.xlarge")})
    assert (read_instance_type(dmi, None).name, read_instance_type(dmi, None).limits.enis) == ("m5.large", 3)
    xen = {"kernel/dmesg.current": "[    0.000000] DMI: Xen HVM domU, BIOS 4.11.amazon 08/24/2006\n"}
    label = 'Environment="X=--node-labels=node.kubernetes.io/instance-type=m4.4xlarge,a=b"\n'
    assert read_instance_type(FakeBundle(xen | {"kubelet/kubelet_service.txt": label}), None).name == "m4.4xlarge"
    said = FakeBundle(xen | {LOG: zap("Discovered region: us-west-2, instance type: u-6tb1.112xlarge")})
    assert read_instance_type(said, None).name == "u-6tb1.112xlarge"
    assert read_instance_type(FakeBundle(xen), None) is None


def test_max_pods_come_from_the_flag_then_drop_ins_then_the_configuration():
    files = {
        "kubelet/kubelet_service.txt": "ExecStart=/usr/bin/kubelet --config /x \\\n    --max-pods=17 \\\n",
        "kubelet/config.json.d/20-b.conf": '{"maxPods": 20}',
        "kubelet/config.json.d/10-a.conf": '{\n "maxPods": 10\n}',
        "kubelet/config.json": '{"maxPods": 29}',
    }
    values = []
    while files:
        values.append(read_max_pods(FakeBundle(dict(files))).value)
        files.pop(next(iter(files)))
    assert values == [17, 20, 10, 29] and read_max_pods(FakeBundle({"kubelet/config.json": "{}"})) is None


def test_only_kubelet_itself_can_say_max_pods_in_the_process_list():
    assert read_max_pods(FakeBundle({"system/ps.txt": ps('python /x --text "kubelet --max-pods=3"')})) is None
    found = read_max_pods(FakeBundle({"system/ps.txt": ps("/usr/bin/kubelet --max-pods=58")}))
    assert found.value == 58


def test_a_daemon_runs_when_its_own_row_says_so():
    assert running(FakeBundle({"system/ps.txt": ps(r"\_ ./aws-k8s-agent")}), "aws-k8s-agent")[0] is True
    assert running(FakeBundle({"system/ps.txt": ps("python /x --say aws-k8s-agent")}), "aws-k8s-agent")[0] is False
    assert running(FakeBundle({"system/ps.txt": PS}), "aws-k8s-agent")[0] is None
    assert running(FakeBundle({}), "aws-k8s-agent")[0] is None


def test_interfaces_are_read_in_both_layouts():
    new = "eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 9001\n        inet 10.0.0.1\n\nvlan.eth.1: flags=4098<BROADCAST>  mtu 1500\n\n"
    old = "ens5      Link encap:Ethernet  HWaddr 02:5b\n          inet addr:10.0.0.2\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n\neni0a1b2c Link encap:Ethernet\n"
    found = read_interfaces(FakeBundle({"networking/ifconfig.txt": new + old}))
    assert [(i.name, i.kind, i.mtu, i.up) for i in found] == [
        ("eth0", "eni", 9001, True),
        ("vlan.eth.1", "branch", 1500, False),
        ("ens5", "eni", 1500, True),
        ("eni0a1b2c", "pod", None, False),
    ]
