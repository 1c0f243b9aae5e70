"""Section ipamd: is it up, how full is the pool, and does its own arithmetic see it."""

import json

from eks_diag_mcp.sections import ipamd

from .conftest import CNI_ENV, DOWN, LOG, UP, FakeBundle, cards, container, keys, node, ps, singles, three, zap
from .conftest import eni as an_eni


def test_the_pool_is_counted_in_total_per_card_and_per_eni():
    section = ipamd.read(
        node([an_eni("eni-0", 0, *singles("10.0.0", 9, 6, 1)), an_eni("eni-1", 1, *singles("10.0.1", 9, 0))]), None
    )
    for scope, numbers in (
        (None, (18, 6, 1, 11, 27, 33.3)),
        ("card 0", (18, 6, 1, 11, 27, 33.3)),
        ("eni-0", (9, 6, 1, 2, 9, 66.7)),
    ):
        names = ("ips_total", "ips_assigned", "ips_cooling", "ips_free", "ips_capacity", "utilization_percent")
        assert tuple(section.number(name, scope) for name in names) == numbers
    assert section.outcome == "ok" and all(r.ref for r in section.readings if r.name in ("ips_total", "ips_free"))


def test_ipamd_that_answers_is_up_whatever_the_process_list_says():
    assert ipamd.read(node(three(9, 2), **{"system/ps.txt": ps()}), None).value("ipamd_up") is True


def test_empty_answers_and_no_process_are_an_ipamd_that_is_down():
    echo = zap("Error received from AddNetwork gRPC call: dial tcp 127.0.0.1:50051: connect: connection refused", level="error")
    files = DOWN | {"var_log/aws-routed-eni/plugin.log": echo, LOG: zap("Starting L-IPAMD v1.20.4  ...")}
    section = ipamd.read(FakeBundle(files), None)
    issue = keys(section)["ipamd.down"]
    assert (section.value("ipamd_up"), section.value("ipamd_process")) == (False, False)
    assert (issue.severity, issue.role, [e.source for e in issue.because]) == (
        "critical",
        "echo",
        ["ipamd-log", "plugin-log"],
    )
    assert section.value("ips_free") is None and section.value("ips_total") is None


def test_a_process_that_answers_nobody_is_not_up_unless_its_ports_are_switched_off():
    silent = DOWN | {"system/ps.txt": ps("./aws-k8s-agent")}
    assert ipamd.read(FakeBundle(silent), None).value("ipamd_up") is False
    muted = silent | {CNI_ENV: container({"DISABLE_INTROSPECTION": "true", "DISABLE_METRICS": "true"})}
    section = ipamd.read(FakeBundle(muted), None)
    assert section.value("ipamd_up") is True and section.outcome == "unknown"


def test_absent_files_leave_it_unknown_whether_ipamd_is_up():
    assert ipamd.read(FakeBundle({"system/ps.txt": ps()}), None).value("ipamd_up") is None
    odd = FakeBundle({"ipamd/enis.json": "<html>", "ipamd/metrics.json": "", "system/ps.txt": ps()})
    assert ipamd.read(odd, None).value("ipamd_up") is None


def test_a_pool_held_by_pods_is_full_and_that_is_an_echo():
    stat = zap("IP stats for Network Card 0 - total IPs: 27, assigned IPs: 27, cooldown IPs: 0")
    section = ipamd.read(node(three(), **{LOG: stat}), None)
    issue = keys(section)["ipamd.pool_full"]
    assert issue.role == "echo" and issue.because[0].text == '"TotalIPs": 27, "AssignedIPs": 27,'
    assert issue.because[1].file == LOG and section.value("log_ips_total", "card 0") == 27


def test_cooling_addresses_that_fill_the_pool_are_churn_that_ipamd_cannot_see():
    env = {"WARM_IP_TARGET": "2", "MINIMUM_IP_TARGET": "23", "WARM_ENI_TARGET": "0", "IP_COOLDOWN_PERIOD": "30"}
    section = ipamd.read(node([an_eni("eni-0", 0, *singles("10.0.0", 23, 19, 4))], env, "m5a.4xlarge"), None)
    issue = keys(section)["ipamd.cooldown_dominates"]
    assert (issue.severity, issue.weight, issue.speaks_for) == ("high", 4, ("ip_allocation.cooldown_churn",))
    assert "sees no shortage" in issue.title and '"MINIMUM_IP_TARGET=23",' in [e.text for e in issue.because]
    assert (section.value("ips_short", "card 0"), section.value("ips_available_to_ipamd", "card 0")) == (0, 4)


def test_one_cooling_address_beside_many_held_ones_is_chance():
    issue = keys(ipamd.read(node([an_eni("eni-0", 0, *singles("10.0.0", 27, 26, 1))]), None))["ipamd.cooldown_dominates"]
    assert (issue.severity, issue.weight) == ("medium", 2)


def test_without_a_dump_fresh_lines_of_the_log_speak_for_the_pool():
    line = "IP pool stats: Total IPs/Prefixes = 27/0, AssignedIPs/CooldownIPs: 20/7, c.maxIPsPerENI = 9"
    fresh = FakeBundle(UP | {"ipamd/enis.json": "Not Found\n", LOG: zap(line)})
    assert "ipamd.cooldown_dominates" in keys(ipamd.read(fresh, None))
    stale = FakeBundle(UP | {"ipamd/enis.json": "Not Found\n", LOG: zap(line, "2026-01-10T08:00:00.000Z")})
    assert not ipamd.read(stale, None).issues


def test_counters_are_read_and_missing_ones_stay_unknown():
    metrics = 'awscni_aws_api_error_count{api="a",error="RequestLimitExceeded"} 3\nawscni_aws_api_error_count{api="b",error="RequestLimitExceeded"} 4\nawscni_ec2api_error_count{fn="AttachNetworkInterface"} 0\n'
    section = ipamd.read(node(three(9, 1), **{"ipamd/metrics.json": metrics}), None)
    assert section.value("aws_api_error_count", "error RequestLimitExceeded") == 7
    assert section.value("no_available_ip_addresses") is None
    assert not [r for r in section.readings if r.name == "ec2api_error_count"]


def leaked(listed, held=4, **files):
    ids = [f"10.0.0.{n}".encode().hex().ljust(64, "0") for n in range(held)]
    pool = {"ipamd/enis.json": cards([an_eni("eni-0", 0, *singles("10.0.0", 9, held, sandboxes=True))])}
    rows = "".join(f"{i}    registry.example/pause:3.5    io.containerd.runc.v2\n" for i in [*ids[:listed], "f" * 64])
    return ipamd.read(
        FakeBundle(UP | pool | {"containerd/containerd-containers.txt": "CONTAINER IMAGE RUNTIME\n" + rows} | files),
        None,
    )


def test_an_address_of_a_sandbox_that_containerd_does_not_know_is_leaked():
    section = leaked(listed=3)
    assert section.value("ips_leaked") == 1 and "shop/web-3" in keys(section)["ipamd.leaked_addresses"].title
    assert leaked(listed=4).value("ips_leaked") == 0


def test_a_list_that_knows_less_than_half_of_the_sandboxes_proves_nothing():
    assert leaked(listed=2).value("ips_leaked") == 2
    for section in (
        leaked(listed=1),
        leaked(listed=0),
        leaked(listed=4, **{"containerd/containerd-containers.txt": ""}),
    ):
        assert section.value("ips_leaked") is None and "ipamd.leaked_addresses" not in keys(section)


def test_since_1_23_the_checkpoint_names_the_sandboxes():
    entry = {
        "networkName": "aws-cni",
        "containerID": "e" * 64,
        "ifName": "eth0",
        "ipv4": "10.0.0.10",
        "allocationTimestamp": 1768035600 * 10**9,
    }
    other = entry | {"containerID": "d" * 64, "ipv4": "10.0.0.11"}
    files = {
        "ipamd/ipam.json": json.dumps({"allocations": [entry, other]}),
        "containerd/containerd-tasks.txt": f"TASK PID STATUS\n{'e' * 64} 1 RUNNING\n",
    }
    section = ipamd.read(node([an_eni("eni-0", 0, *singles("10.0.0", 9, 2))], **files), None)
    assert section.value("ips_leaked") == 1
