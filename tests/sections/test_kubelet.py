"""Section kubelet: unit, limits and thresholds after merging, evictions."""

import json

import pytest

from eks_diag_mcp.sections import kubelet
from eks_diag_mcp.sections.readers.kubelet_config import read_kubelet_config

from .conftest import FakeBundle, keys, ps

UNITS = "  UNIT                LOAD   ACTIVE     SUB          JOB   DESCRIPTION\n"
CONFIG = {
    "kind": "KubeletConfiguration",
    "maxPods": 29,
    "clusterDNS": ["172.20.0.10"],
    "cgroupDriver": "systemd",
    "serializeImagePulls": False,
    "evictionHard": {"memory.available": "100Mi", "nodefs.available": "10%", "nodefs.inodesFree": "5%"},
    "kubeReserved": {"cpu": "70m", "memory": "574Mi"},
}
BASE = {"kubelet/config.json": json.dumps(CONFIG, indent=4), "system/ps.txt": ps()}


def read(**files):
    return kubelet.read(FakeBundle(BASE | {k.replace("__", "/"): v for k, v in files.items()}), None)


def line(clock, text, level="I", where="eviction_manager.go:387"):
    return f"Jan 10 {clock} ip-10-0-1-2 kubelet[3301]: {level}0110 {clock}.123456    3301 {where}] {text}\n"


def unit(state, mark=" "):
    return {
        "system/services.txt": f"{UNITS}{mark} kubelet.service     loaded {state}    Kubernetes Kubelet\n\nLOAD   = Reflects whether the unit definition was properly loaded.\n"
    }


def test_settings_are_told_with_their_place():
    section = read()
    values = ("max_pods", "cgroup_driver", "cluster_dns", "serialize_image_pulls", "image_gc_high_percent")
    assert [section.value(v) for v in values] == [29, "systemd", "172.20.0.10", False, 85]
    assert section.value("nodefs.available", "eviction hard") == "10%" and section.value("cpu", "kube reserved") == "70m"
    where = {r.name: r.ref for r in section.readings}
    assert where["nodefs.available"].line == next(
        n for n, t in enumerate(BASE["kubelet/config.json"].split("\n"), 1) if "nodefs.av" in t
    )
    assert section.outcome == "ok" and section.value("running") is True


def test_drop_ins_are_merged_by_name_and_flags_go_before_them():
    drop_ins = {
        "kubelet/config.json.d/40-nodeadm.conf": '{"maxPods": 58, "evictionHard": {"nodefs.available": "12%"}}',
        "kubelet/config.json.d/90-user.conf": '{"maxPods": 110, "kubeReserved": {"cpu": null}, "clusterDNS": ["10.100.0.10", "1.1.1.1"]}',
        "kubelet/config.json.d/99-notes.txt": '{"maxPods": 1}',
    }
    config = read_kubelet_config(FakeBundle(BASE | drop_ins))
    assert config.get("maxPods").value == 110 and config.get("maxPods").evidence.file.endswith("90-user.conf")
    assert config.under("evictionHard").keys() == {"memory.available", "nodefs.available", "nodefs.inodesFree"}
    assert config.get("evictionHard.nodefs.available").text == "12%" and config.get("clusterDNS").text == "10.100.0.10,1.1.1.1"
    assert list(config.under("kubeReserved")) == ["memory"]
    service = (
        "[Service]\nEnvironment='KUBELET_ARGS=--node-ip=10.0.1.2 --eviction-hard=memory.available<200Mi,nodefs.available<7%'\n"
    )
    config = read_kubelet_config(FakeBundle(BASE | drop_ins | {"kubelet/kubelet_service.txt": service}))
    assert {k: s.text for k, s in config.under("evictionHard").items()} == {"memory.available": "200Mi", "nodefs.available": "7%"}


def test_bottlerocket_writes_yaml_under_the_same_name():
    text = "kind: KubeletConfiguration\nmaxPods: 234\nclusterDNS:\n- 10.100.0.10\nevictionHard:\n  nodefs.available: 8%\n"
    section = kubelet.read(FakeBundle({"kubelet/config.json": text}), None)
    assert section.value("nodefs.available", "eviction hard") == "8%" and section.value("cluster_dns") == "10.100.0.10"


@pytest.mark.parametrize(
    "text",
    ["{", "null", "[]", "&a [*a, *a]", "<html>", "a: b: c: d", "\x00\x01", '{"maxPods": {"x": [1, {}]}, "evictionHard": "x"}'],
)
def test_whatever_stands_there_instead_is_no_setting(text):
    section = kubelet.read(FakeBundle({"kubelet/config.json": text}), None)
    assert section.value("max_pods") is None and not section.issues


def test_a_pods_arguments_are_not_kubelets():
    forged = ps("sh -c kubelet --eviction-hard=nodefs.available<99%", "/app/kubelet-proxy --eviction-hard=nodefs.available<99%")
    assert not read_kubelet_config(FakeBundle({"system/ps.txt": forged})).settings


@pytest.mark.parametrize(
    ("state", "key", "weight"),
    [
        ("failed     failed      ", "kubelet.unit_failed", 4),
        ("activating auto-restart", "kubelet.unit_failed", 4),
        ("inactive   dead        ", "kubelet.unit_failed", 4),
        ("activating start        start", "kubelet.unit_starting", 2),
    ],
)
def test_a_kubelet_that_does_not_run_speaks_for_the_node(state, key, weight):
    issue = keys(read(**unit(state, "●")))[key]
    assert (issue.weight, issue.speaks_for) == (weight, ("kubelet_notready",)) and "kubelet.service" in issue.because[0].text


def test_a_running_unit_is_no_issue():
    section = read(**unit("active     running     "))
    assert section.value("unit_state") == "active running" and not section.issues


def test_evictions_are_counted_and_the_newest_quoted():
    log = (
        line("03:00:00", '"Starting to sync pod status with apiserver"')
        + line("11:55:01", '"Eviction manager: attempting to reclaim" resourceName="ephemeral-storage"', "W")
        + line("11:55:02", '"Eviction manager: pod is evicted successfully" pod="shop/cart-1"')
        + line("11:56:02", "eviction manager: pod cart-2_shop(37d631c9) is evicted successfully")
    )
    section = read(kubelet__kubelet_log="", **{"kubelet/kubelet.log": log})
    assert section.value("pods_evicted") == 2 and section.value("last_eviction") == "2026-01-10T11:55:01Z"
    issue = keys(section)["kubelet.evictions"]
    assert (issue.severity, issue.speaks_for) == ("medium", ()) and issue.because[0].line == 2
    old = read(**{"kubelet/kubelet.log": log.replace(" 11:5", " 01:5")})
    assert keys(old)["kubelet.evictions"].severity == "low" and old.outcome == "ok"


def test_version_is_read_from_its_start_line():
    log = line("11:00:00", '"Kubelet version" kubeletVersion="v1.31.2-eks-94953ac"', where="server.go:206")
    assert read(**{"kubelet/kubelet.log": log}).value("version") == "v1.31.2-eks-94953ac"


def test_io_is_included():
    section = read(**{"system/pressure_io.txt": "full avg10=60.00 avg60=51.20 avg300=11.00 total=88\n"})
    assert section.value("io_outcome") == "problem" and section.outcome == "problem"
    assert keys(section)["io.stalled"].role == "context" and not keys(section)["io.stalled"].speaks_for
