"""The scenario builder keeps its word. Nothing here depends on the package under test."""

import gzip
import io
import json
import re
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from . import hostile
from .bundle import Scenario, load, names
from .describe import BadScenario, duration, read

CAUSES = (
    "subnet_exhausted",
    "eni_limit",
    "prefix_fragmented",
    "ipamd_crash",
    "iam",
    "throttling",
    "cooldown_churn",
    "version",
    "kube_proxy_down",
    "custom_networking",
    "subnet_excluded",
    "branch_eni",
    "eni_leak",
    "attach_failed",
    "ipv6_prefix",
    "aws_node_absent",
    "network_policy_agent",
)
SCENARIOS = names()
STAMP = re.compile(r"\b(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+0000)")


@pytest.fixture(scope="module", params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return load(request.param)


def store(scenario: Scenario) -> dict:
    """ipamd's datastore as enis.json tells it, whatever the release."""
    data = json.loads(scenario.files()["ipamd/enis.json"])
    return data["0"] if scenario.node.at_least(1, 20) else data


def test_every_ip_allocation_cause_has_a_scenario_that_expects_it_at_capture() -> None:
    shown = {s.expect.root_cause for s in map(load, SCENARIOS) if s.expect.when == "at_capture"}
    assert {f"ip_allocation.{c}" for c in CAUSES} <= shown


def test_equal_descriptions_give_equal_bytes() -> None:
    assert load("eni-limit").archive() == load("eni-limit").archive()


def test_scenarios_have_instance_ids_of_their_own() -> None:
    ids = [load(name).instance_id for name in SCENARIOS] + list(hostile.INSTANCE_IDS.values())
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"i-[0-9a-f]{17}", i) for i in ids)


def test_no_line_is_newer_than_the_capture(scenario: Scenario) -> None:
    for name, data in scenario.files().items():
        text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
        for stamp in set(
            STAMP.findall(re.sub(r"\bis before \S+", "", text))
        ):  # the date of a certificate, to a clock that is behind
            when = datetime.fromisoformat(stamp).replace(tzinfo=UTC)
            assert when <= scenario.captured, f"{name}: {stamp}"


def test_every_name_in_a_text_was_filled_in(scenario: Scenario) -> None:
    left = [n for n, d in scenario.files().items() if not n.endswith(".gz") and re.search(rb"\$\{\w+\}", d)]
    assert left == []


def test_logs_are_in_the_order_of_time(scenario: Scenario) -> None:
    text = scenario.files().get("var_log/aws-routed-eni/ipamd.log", b"").decode()
    stamps = re.findall(r'^\{"level":"\w+","ts":"([^"]+)"', text, re.M)
    assert stamps == sorted(stamps)


def test_the_datastore_holds_what_is_described_and_expected(scenario: Scenario) -> None:
    node = scenario.node
    if not node.ipamd_up or node.spec.introspection != "full" or node.ipv6:
        pytest.skip("ipamd does not tell")
    data, assigned, cooling, size = store(scenario), 0, 0, 0
    for eni in data["ENIs"].values():
        cidrs = eni.get("AvailableIPv4Cidrs") or {a: {"IPAddresses": {a: x}} for a, x in eni.get("IPv4Addresses", {}).items()}
        size += sum(16 if c.endswith("/28") else 1 for c in cidrs)
        for address in [a for c in cidrs.values() for a in c["IPAddresses"].values()]:
            assigned += any(address["IPAMKey"].values())
            cooling += not any(address["IPAMKey"].values()) and not address["UnassignedTime"].startswith("0001")
    counts = {"ips_assigned": assigned, "ips_cooling": cooling, "ips_free": size - assigned - cooling}
    counts["enis_used"] = sum(
        bool(e.get("AvailableIPv4Cidrs")) or not e["IsTrunk"] for e in data["ENIs"].values()
    )  # an empty trunk gives none
    assert (data["TotalIPs"], data["AssignedIPs"]) == (size, assigned) == (node.total, node.assigned)
    expected = {k: v for k, v in scenario.expect.readings.items() if k in counts}
    assert {k: counts[k] for k in expected} == expected


def test_every_allocation_has_its_sandbox_rule_and_route(scenario: Scenario) -> None:
    files, family = scenario.files(), "6" if scenario.node.ipv6 else ""
    if scenario.node.docker or "ipamd/ipam.json" not in files:
        pytest.skip("no checkpoint, or no containerd")
    if any(name.startswith(f"networking/ip{family}r") for name in scenario.node.spec.edit):
        pytest.skip("this node lost rules or routes")
    rules, routes = files[f"networking/ip{family}rule.txt"].decode(), files[f"networking/ip{family}route.txt"].decode()
    for row in json.loads(files["ipamd/ipam.json"])["allocations"]:
        ip = row.get("ipv4") or row["ipv6"]
        assert f"512:\tfrom all to {ip} lookup main" in rules
        assert f"{ip} dev eni" in routes
        assert row["containerID"] in files["containerd/containerd-containers.txt"].decode()


def test_ipamd_that_is_down_leaves_no_process_and_no_answer(scenario: Scenario) -> None:
    files = scenario.files()
    up = scenario.node.ipamd_up
    assert ("aws-k8s-agent" in files["system/ps.txt"].decode()) == up
    assert bool(files.get("ipamd/metrics.json")) == up
    assert ("cni/10-aws.conflist" in files) == scenario.node.ipamd_was_ready


def test_the_shell_layout_has_dots_and_folders_and_the_capture_time() -> None:
    scenario = load("healthy-1-20")
    with tarfile.open(fileobj=io.BytesIO(scenario.archive())) as tar:
        members = tar.getmembers()
    assert members[0].name == "." and members[0].isdir()
    assert all(m.name == "." or m.name.startswith("./") for m in members)
    assert any(m.isdir() and m.name == "./gpu" for m in members)
    assert {m.mtime for m in members} == {int(scenario.captured.timestamp())}


def test_the_node_agent_layout_has_neither_dots_nor_folders_nor_flat_copies(tmp_path: Path) -> None:
    path = load("node-agent-capture-errors").write(tmp_path)
    assert path.name == "ip-10-0-16-21.us-west-2.compute.internal-logs.tar.gz"
    with tarfile.open(path) as tar:
        found = {m.name for m in tar.getmembers()}
        assert all(m.isreg() for m in tar.getmembers())
    assert "log-capture-errors.log" in found and "ipamd/enis.json" not in found
    assert not any(n.startswith("./") or re.match(r"var_log/[^/]+_kube-system_", n) for n in found)


def test_the_node_agent_writes_journals_with_a_year() -> None:
    first = load("healthy-node-agent").files()["kubelet/kubelet.log"].decode().splitlines()[0]
    assert re.match(r"2026-11-1\dT\d\d:\d\d:\d\d\.\d{6}\+0000 ip-10-0-16-21 systemd\[1\]: ", first)


@pytest.mark.parametrize(
    ("name", "wording"),
    [
        ("healthy-1-7", "IP pool stats: total = 18, used = 7, c.maxIPsPerENI = 9"),
        ("healthy-1-11", "IP pool stats: total = 18, used = 7, IPs in Cooldown = 0, c.maxIPsPerENI = 9"),
        ("healthy-1-20", "IP pool stats for network card 0: Total IPs/Prefixes = 18/0, AssignedIPs/CooldownIPs: 7/0"),
        ("healthy-prefix", "Prefix pool stats for network card 0: Total IPs/Prefixes = 32/2, AssignedIPs/CooldownIPs: 14/1"),
    ],
)
def test_each_generation_words_its_pool_as_it_did(name: str, wording: str) -> None:
    assert wording in load(name).files()["var_log/aws-routed-eni/ipamd.log"].decode()


def test_ec2_errors_are_spelt_by_the_sdk_of_the_release() -> None:
    old = load("eni-limit-not").files()["var_log/aws-routed-eni/ipamd.log"].decode()
    new = load("subnet-exhausted").files()["var_log/aws-routed-eni/ipamd.log"].decode()
    assert r"to satisfy the request.\n\tstatus code: 400, request id: " in old
    assert "https response error StatusCode: 400, RequestID: " in new and "status code: " not in new


def test_since_1_23_the_datastore_names_no_sandbox_but_the_checkpoint_does() -> None:
    scenario = load("healthy-1-23")
    assert '"containerID": ""' in scenario.files()["ipamd/enis.json"].decode()
    sandboxes = [p.sandbox for p in scenario.node.pods]
    assert not any(s in scenario.files()["ipamd/enis.json"].decode() for s in sandboxes)
    assert all(s in scenario.files()["ipamd/ipam.json"].decode() for s in sandboxes)


def test_the_truncated_archive_is_cut_within_the_ipamd_log() -> None:
    data, names_read = load("truncated-archive").archive(), []
    with pytest.raises(EOFError), tarfile.open(fileobj=gzip.GzipFile(fileobj=io.BytesIO(data)), mode="r|") as tar:
        for member in tar:
            names_read.append(member.name)
            if (handle := tar.extractfile(member)) is not None:
                handle.read()
    assert names_read[-1] == "./var_log/aws-routed-eni/ipamd.log"


def test_a_description_with_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text("title: t\nnode: {typ: m5.large}\nexpect: {root_cause: null}\n")
    with pytest.raises(BadScenario, match=r"odd\.yaml: unknown key 'typ'"):
        read(path)


def test_a_node_that_never_joined_has_no_pod_and_did_not_register() -> None:
    files = load("no-access-entry").files()
    assert not [name for name in files if "kube-system" in name or "aws-routed-eni/ipamd" in name]
    assert b"Successfully registered node" not in files["kubelet/kubelet.log"] and b"/usr/bin/kubelet" in files["system/ps.txt"]
    assert b"/usr/bin/kubelet" not in load("no-nodeconfig").files()["system/ps.txt"]


def test_durations() -> None:
    assert duration("1h30m") == timedelta(minutes=90) and duration("-90s") == timedelta(seconds=90)
    with pytest.raises(ValueError, match="no duration"):
        duration("soon")


# ---- hostile archives ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [n for n in hostile.NAMES if "bomb" not in n])
def test_hostile_archives_are_made_and_stay_small(name: str, tmp_path: Path) -> None:
    path = hostile.write(name, tmp_path)
    assert path.stat().st_size < 3 << 20
    assert hostile.TRAPS[name].meaning


def test_the_sparse_member_declares_terabytes_and_a_file_follows_it(tmp_path: Path) -> None:
    with tarfile.open(hostile.write("sparse-member", tmp_path)) as tar:
        members = {m.name: m for m in tar.getmembers()}
    assert members["./var_log/messages"].issparse() and members["./var_log/messages"].size > 1 << 42
    assert "./system/behind-the-trap.txt" in members


@pytest.mark.parametrize("name", ["gzip-bomb", "nested-gzip-bomb"])
def test_bombs_are_small_outside(name: str, tmp_path: Path) -> None:
    assert hostile.write(name, tmp_path).stat().st_size < 4 << 20


def test_every_canary_is_planted(tmp_path: Path) -> None:
    with tarfile.open(hostile.write("secrets", tmp_path)) as tar:
        text = "".join(tar.extractfile(m).read().decode("utf-8", "replace") for m in tar.getmembers() if m.isreg())
    missing = [kind for kind, secret in hostile.CANARIES.items() if secret not in text]
    assert missing == []


def test_an_edit_that_finds_nothing_and_a_file_that_is_not_there_are_told(tmp_path: Path) -> None:
    for node, says in (
        ("edit: {sysctls/sysctl_all.txt: {no_such_key: x}}", "does not stand in"),
        ("edit: {sysctls/none.txt: {x: y}}", "no file"),
        ("files: {system/none.txt: null}", "to leave out"),
        ("kind: auto_mode", "node agent only"),
    ):
        path = tmp_path / "edited.yaml"
        path.write_text(f"title: T\nnode: {{{node}}}\nexpect: {{}}\n")
        with pytest.raises(BadScenario, match=says):
            Scenario(read(path)).files()


def test_files_of_a_description_are_added_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "edited.yaml"
    path.write_text("title: T\nnode: {files: {networking/ipset.txt: null, var_log/own.log: 'at ${node}'}}\nexpect: {}\n")
    files = Scenario(read(path)).files()
    assert "networking/ipset.txt" not in files and files["var_log/own.log"].startswith(b"at ip-10-0-16-21")


def test_auto_mode_has_units_where_other_nodes_have_pods() -> None:
    files = load("auto-mode-dns").files()
    assert b"kube-proxy[" in files["automode/kube-proxy.txt"] and b"i/o timeout" in files["automode/coredns.txt"]
    assert not [name for name in files if name.startswith("var_log/kube-system_") or name == "networking/ifconfig.txt"]
