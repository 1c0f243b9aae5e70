"""Mitigations name the figure to change, to which value and why that value, out of the node's own readings."""

from collections.abc import Callable

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.diagnose.advice import values_of
from eks_diag_mcp.diagnose.board import Case
from eks_diag_mcp.diagnose.causes import causes, plain
from eks_diag_mcp.model import Reading, Section

from ..sections.conftest import FakeBundle


def case(**sections: dict[str, object]) -> Case:
    """A case of bare readings; `settings` are those of section cni."""
    built = {}
    for name, values in sections.items():
        if name == "settings":
            continue
        readings = [Reading(k, v) for k, v in values.items()]  # type: ignore[arg-type]
        if name == "cni":
            readings += [Reading(k, v, scope="settings") for k, v in sections.get("settings", {}).items()]  # type: ignore[arg-type]
        built[name] = Section(name, "ok", tuple(readings))
    return Case(FakeBundle({}), (), built)  # type: ignore[arg-type]


def advice(cause: str, about: Case) -> str:
    return plain(causes().by_id[cause].mitigation, values_of(about)).immediate


def test_the_warm_target_must_exceed_what_one_cooldown_holds_back() -> None:
    about = case(ipamd={"ips_cooling": 11}, cni={"version": "v1.20.4"}, settings={"WARM_IP_TARGET": 11, "WARM_ENI_TARGET": 1})
    text = advice("ip_allocation.cooldown_churn", about)
    assert "WARM_IP_TARGET: 11 -> 12." in text and "IP_COOLDOWN_PERIOD from 30 s to 10 s" in text
    assert "overrides WARM_ENI_TARGET" not in text


def test_a_target_that_is_not_set_overrides_the_others_once_it_is() -> None:
    about = case(
        ipamd={"ips_cooling": 11}, cni={"version": "v1.12.6"}, settings={"WARM_IP_TARGET": "not set", "WARM_ENI_TARGET": 1}
    )
    text = advice("ip_allocation.cooldown_churn", about)
    assert "WARM_IP_TARGET: not set -> 12, and setting it overrides WARM_ENI_TARGET (1 today)" in text
    assert "IP_COOLDOWN_PERIOD" not in text, "this release does not know it"


def test_prefix_mode_is_told_with_what_it_gives_and_that_max_pods_stays() -> None:
    eni = {"ips_capacity": 56, "enis_used": 4, "enis_max": 4, "instance_type": "m5.xlarge", "max_pods": 58}
    text = advice("ip_allocation.eni_limit", case(cni={"mode": "secondary_ip"}, eni=eni, host={"cpus": 4}))
    assert "Prefix mode: 56 -> 896 addresses on m5.xlarge, but max-pods stays 58 until kubelet is told" in text
    assert "Their maxPods is 110 then." in text


def test_where_prefix_mode_is_on_it_is_no_advice() -> None:
    eni = {"ips_capacity": 896, "enis_used": 4, "enis_max": 4, "instance_type": "m5.xlarge", "max_pods": 110}
    assert "Prefix mode:" not in advice("ip_allocation.eni_limit", case(cni={"mode": "prefix"}, eni=eni))


def test_a_fragmented_subnet_of_custom_networking_is_the_eniconfigs() -> None:
    text = advice("ip_allocation.prefix_fragmented", case(cni={"mode": "custom_networking"}))
    assert text.startswith("Operator: no free /28 in the subnet that was asked, so reserve one or use a new subnet.")


@pytest.mark.parametrize(
    ("kind", "enis", "told"),
    [
        ("m5.large", 3, "28 slots - 3 ENIs - 1 root volume = 24 volumes on m5.large"),
        ("m7g.large", 3, None),
        ("m4.large", 2, None),
    ],
)
def test_the_volume_limit_is_reckoned_where_slots_are_shared(kind: str, enis: int, told: str | None) -> None:
    text = advice("ebs_csi", case(eni={"instance_type": kind, "enis_max": enis}))
    assert (told in text) if told else ("root volume =" not in text)


def test_the_table_of_connections_is_doubled_by_the_setting_that_kube_proxy_reads() -> None:
    text = advice("conntrack", case(conntrack={"conntrack_max": 131072}, host={"cpus": 4}))
    assert "nf_conntrack_max: 131072 -> 262144" in text and "conntrack.maxPerCore 65536 on this node's 4 processors" in text


def test_the_memory_kubelet_keeps_back_follows_from_the_pods_it_takes() -> None:
    assert "With max-pods 58 that is 893 MiB." in advice("oom_system", case(kubelet={"max_pods": 58}))


def test_a_sentence_whose_figure_is_not_known_is_left_out() -> None:
    text = advice("conntrack", case())
    assert "->" not in text and "{" not in text and text.startswith("Operator:")


def test_every_mitigation_says_what_to_do_what_it_risks_and_how_to_see_that_it_worked() -> None:
    bare = [r.id for r in causes().rows if not (r.mitigation.immediate and r.mitigation.verify and r.mitigation.risk)]
    assert bare == []


def test_every_address_cause_is_verified_by_a_pod_that_gets_one() -> None:
    rows = [r for r in causes().rows if r.id.startswith("ip_allocation.")]
    assert [r.id for r in rows if not ("pod" in r.mitigation.verify and "address" in r.mitigation.verify)] == []


def test_the_shipped_scenario_shows_the_step(app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    root = app.diagnosis(scenario_bundle("cooldown-churn")).root_cause
    assert root is not None and root.mitigation is not None and "WARM_IP_TARGET: 2 -> 12." in root.mitigation.immediate
