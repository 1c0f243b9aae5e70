"""Section routes: rules and routes of the host against the pods it has."""

import json

import pytest

from eks_diag_mcp.sections import routes
from eks_diag_mcp.sections.readers.ip_routing import read_routing

from .conftest import CAPTURED, CNI_ENV, FakeBundle, address, cards, container, from_bytes, keys
from .conftest import eni as an_eni
from .healthy import NODES, _builder, healthy

POD, OTHER = "10.0.1.10", "10.0.2.10"
RULES = (
    "0:\tfrom all lookup local ",
    f"512:\tfrom all to {POD} lookup main ",
    f"512:\tfrom all to {OTHER} lookup main ",
    "1024:\tfrom all fwmark 0x80/0x80 lookup main ",
    f"1536:\tfrom {OTHER} lookup 2 ",
    "32766:\tfrom all lookup main ",
    "32767:\tfrom all lookup default ",
)
ROUTES = (
    "default via 10.0.0.1 dev eth1 table 2 ",
    "10.0.0.1 dev eth1 table 2 scope link ",
    "default via 10.0.0.1 dev eth0 ",
    "169.254.169.254 dev eth0 ",
    "10.0.0.0/20 dev eth0 proto kernel scope link src 10.0.0.21 ",
    f"{POD} dev eni1a2b3c4d5e6 scope link ",
    f"{OTHER} dev eni6e5d4c3b2a1 scope link linkdown ",
    "local 10.0.0.21 dev eth0 table local proto kernel scope host src 10.0.0.21 ",
)


def node(rules=RULES, table=ROUTES, **files):
    enis = [
        an_eni("eni-a", 0, (f"{POD}/32", [address(POD, "web-1")])),
        an_eni("eni-b", 1, (f"{OTHER}/32", [address(OTHER, "web-2")])),
    ]
    base = {
        "ipamd/enis.json": cards(enis),
        CNI_ENV: container({"ENABLE_POD_ENI": "false"}),
        "networking/iprule.txt": "\n".join(rules) + "\n",
        "networking/iproute.txt": "\n".join(table) + "\n",
    }
    return FakeBundle({k: v for k, v in (base | files).items() if v is not None})


def without(lines, *parts):
    return [line for line in lines if not any(p in line for p in parts)]


def test_a_node_with_all_its_rules_is_ok():
    section = routes.read(node(), None)
    assert section.outcome == "ok" and not section.issues
    assert (section.value("pod_rules"), section.value("eni_rules"), section.value("pod_rules_missing")) == (2, 1, 0)
    assert section.value("table_has_default", "eni-b") is True and section.value("route_table", "eni-b") == 2


@pytest.mark.parametrize("name", NODES)
def test_healthy_nodes_are_ok(name):
    section = routes.read(healthy(name), None)
    assert section.outcome == "ok" and not section.issues


@pytest.mark.parametrize(("dropped", "key"), [("pod", "pod_rule_missing"), ("table", "table_without_default")])
@pytest.mark.parametrize("cni", ["1.11", "1.20", "1.23"])
def test_a_dropped_rule_or_table_is_policy_routing(dropped, key, cni):
    builder = _builder()
    broken = builder.Node(drop_rule=dropped, pool=builder.Pool(27, 15, 0, 3), cni=cni)
    found = keys(routes.read(from_bytes(builder.build(broken), broken.captured), None))
    issue = found[f"routes.{key}"]
    assert list(found) == [f"routes.{key}"] and issue.because
    assert (issue.severity, issue.weight, issue.speaks_for) == ("high", 5, ("cni_plugin.policy_routing",))


def test_the_pod_without_its_rule_is_named_and_quoted():
    issue = keys(routes.read(node(without(RULES, f"to {POD}")), None))["routes.pod_rule_missing"]
    assert f"{POD} shop/web-1" in issue.title and [e.file for e in issue.because] == ["ipamd/enis.json", "networking/iproute.txt"]
    assert POD in issue.because[0].text and POD in issue.because[1].text


def test_a_lost_host_route_and_a_lost_rule_of_a_secondary_eni_are_told_apart():
    section = routes.read(node(without(RULES, "1536:"), without(ROUTES, f"{POD} dev")), None)
    assert set(keys(section)) == {"routes.pod_route_missing", "routes.eni_rule_missing"}
    assert (section.value("pod_routes_missing"), section.value("eni_rules_missing")) == (1, 1)


def test_rules_of_old_releases_that_name_the_vpc_are_enough():
    old = [r.replace(f"from {OTHER} lookup", f"from {OTHER} to 10.0.0.0/16 lookup") for r in RULES]
    assert routes.read(node(old), None).outcome == "ok"


def test_a_rule_into_the_table_of_another_eni_is_wrong():
    more = [*RULES[:5], f"1536:\tfrom {POD} lookup 2 ", *RULES[5:]]
    issue = keys(routes.read(node(more), None))["routes.wrong_table"]
    assert issue.severity == "high" and "table 2" in issue.title and issue.because[0].line == 6


def test_one_pod_without_anything_may_have_ended_and_two_have_not():
    one = keys(routes.read(node(without(RULES, f"to {POD}"), without(ROUTES, f"{POD} dev")), None))["routes.pod_unrouted"]
    assert (one.severity, one.weight) == ("medium", 2)
    wiped = keys(routes.read(node(without(RULES, "512:", "1536:"), without(ROUTES, "dev eni")), None))["routes.pod_unrouted"]
    assert (wiped.severity, wiped.weight) == ("high", 5)


def test_an_ended_pod_that_still_holds_its_address_is_for_the_leak_reading():
    gone = {"containerID": "ab" * 32, "ifName": "eth0", "ipv4": "10.0.3.3"}
    saved = json.dumps({"version": "vpc-cni-ipam/1", "allocations": [gone, gone | {"ipv4": "10.0.3.4", "containerID": "cd" * 32}]})
    tasks = f"TASK PID STATUS\n{'ef' * 32} 3822 RUNNING\n"
    files = {"ipamd/enis.json": None, "ipamd/ipam.json": saved, "containerd/containerd-tasks.txt": tasks}
    assert keys(routes.read(node(**files), None))["routes.pod_unrouted"].weight == 2


def test_a_pod_younger_than_five_minutes_is_not_judged():
    fresh = {
        "containerID": "ab" * 32,
        "ifName": "eth0",
        "ipv4": "10.0.3.3",
        "allocationTimestamp": int((CAPTURED.timestamp() - 20) * 1e9),
    }
    saved = json.dumps({"allocations": [fresh]})
    section = routes.read(node(**{"ipamd/enis.json": None, "ipamd/ipam.json": saved}), None)
    assert section.outcome == "ok" and section.value("pod_rules_missing") == 0


def test_without_pods_or_rules_or_with_half_of_them_nothing_is_judged():
    for files in ({"ipamd/enis.json": ""}, {"networking/iprule.txt": ""}, {"networking/iprule.txt": "sh: ip: command not found\n"}):
        section = routes.read(node(**files), None)
        assert section.outcome == "unknown" and section.value("pod_rules_missing") is None and not section.issues
    half = routes.read(node(RULES[:2]), None)
    assert half.outcome == "unknown" and half.value("pod_rules") is None and not half.issues


def test_the_checkpoint_serves_where_there_is_no_pool_dump():
    saved = json.dumps({"allocations": [{"ipv4": "10.0.9.9", "containerID": "ab" * 32}, {"ipv4": POD, "containerID": "cd" * 32}]})
    table = [*ROUTES, "10.0.9.9 dev eni99 scope link "]
    issue = keys(routes.read(node(table=table, **{"ipamd/enis.json": "", "ipamd/ipam.json": saved}), None))[
        "routes.pod_rule_missing"
    ]
    assert "10.0.9.9" in issue.title and issue.because[0].file == "ipamd/ipam.json"


def test_the_rule_for_marked_packets_belongs_to_node_ports():
    assert keys(routes.read(node(without(RULES, "fwmark")), None))["routes.nodeport_rule_missing"].weight == 4
    off = {CNI_ENV: container({"AWS_VPC_CNI_NODE_PORT_SUPPORT": "false"})}
    assert not routes.read(node(without(RULES, "fwmark"), **off), None).issues
    assert not routes.read(node(without(RULES, "fwmark"), **{CNI_ENV: ""}), None).issues


def test_cloud_setup_duplicates_and_a_lost_default_route_are_told():
    cloud = [*RULES[:5], "30200:\tfrom 10.0.0.21 lookup 30200 ", *RULES[5:]]
    assert keys(routes.read(node(cloud), None))["routes.nm_cloud_setup"].severity == "high"
    assert keys(routes.read(node([*RULES, RULES[1]]), None))["routes.duplicate_rules"].severity == "medium"
    assert keys(routes.read(node(table=without(ROUTES, "default via 10.0.0.1 dev eth0")), None))["routes.no_default"].weight == 4
    blackhole = ["blackhole default table 2 " if "default" in r and "table 2" in r else r for r in ROUTES]
    assert "routes.table_without_default" in keys(routes.read(node(table=blackhole), None))


def test_branch_enis_and_routes_of_others_are_tolerated():
    rules = [
        RULES[0],
        "10:\tfrom all iif vlan.eth.3 lookup 103 ",
        "20:\tfrom all lookup local ",
        *RULES[1:6],
        "32765:\tfrom 10.0.1.9 lookup 2 ",
        RULES[6],
    ]
    table = [*ROUTES, "default via 10.0.4.1 dev vlan.eth.3 table 103 onlink ", "10.0.4.7 dev vlan1a2b3c table 103 scope link "]
    section = routes.read(node(rules, table), None)
    assert section.outcome == "ok" and section.value("branch_eni_rules") == 1


IP6 = "2600:1f14:aa:bb00:1:2:3:4"


def ipv6(rule=True, route=True):
    eni = an_eni("eni-a", 0)
    eni["IPv6Cidrs"] = {"2600:1f14:aa:bb00:1::/80": {"IPAddresses": {IP6: address(IP6, "web-1")}, "IsPrefix": True}}
    other = "512:\tfrom all to 2600:1f14:aa:bb00:1:2:3:9 lookup main \n"
    rules = (
        "0:\tfrom all lookup local \n"
        + (f"512:\tfrom all to {IP6} lookup main \n" if rule else other)
        + "32766:\tfrom all lookup main \n"
    )
    table = f"{IP6} dev eni1a2b metric 1024 pref medium\n" if route else ""
    return node(
        without(RULES, "512:", "1024:", "1536:"),
        without(ROUTES, "dev eni", "table 2"),
        **{
            "ipamd/enis.json": cards([eni]),
            CNI_ENV: container({"ENABLE_IPv6": "true", "ENABLE_IPv4": "false"}),
            "networking/ip6rule.txt": rules,
            "networking/ip6route.txt": table + "fe80::/64 dev eth0 proto kernel metric 256 pref medium\n",
        },
    )


def test_ipv6_pods_are_looked_up_in_the_ipv6_files():
    assert routes.read(ipv6(), None).outcome == "ok"
    assert "routes.pod_rule_missing" in keys(routes.read(ipv6(rule=False), None))
    assert "routes.pod_route_missing" in keys(routes.read(ipv6(route=False), None))


def test_another_cni_makes_the_section_not_applicable():
    files = {"cni/05-cilium.conflist": '{"name": "cilium", "plugins": [{"type": "cilium-cni"}]}', "ipamd/enis.json": None}
    assert routes.read(node(without(RULES, "512:", "1536:"), **files), None).outcome == "not_applicable"


def test_the_primary_address_is_that_of_the_interface_of_the_default_route():
    routing = read_routing(node())
    assert (routing.primary_device, routing.primary_address) == ("eth0", "10.0.0.21")
    al2023 = (
        "default via 10.0.0.1 dev ens5 proto dhcp src 10.0.0.33 metric 512 ",
        "10.0.0.0/20 dev ens5 proto kernel scope link src 10.0.0.33 metric 512 ",
    )
    assert read_routing(node(table=al2023)).primary_address == "10.0.0.33"
    assert read_routing(node(table=("10.0.0.0/20 dev eth0 scope link",))).primary_address is None
