"""Every wording in which ipamd has written its pool into the log."""

import pytest

from eks_diag_mcp.model import Evidence
from eks_diag_mcp.sections.readers.pool_log import (
    latest_max_ips,
    latest_room,
    latest_stats,
    latest_targets,
    pool_stat,
    pool_too_low,
    room_for_eni,
    using_target,
    wording_of,
)

from .conftest import FakeBundle, zap

LOG = "var_log/aws-routed-eni/ipamd.log"


def line(text: str) -> Evidence:
    return Evidence("ipamd-log", LOG, 1, text)


@pytest.mark.parametrize(
    ("wording", "text", "numbers"),
    [
        (
            "1.5",
            "2019-05-02T07:18:26Z [DEBUG] IP pool stats: total = 28, used = 20, c.currentMaxAddrsPerENI = 14, c.maxAddrsPerENI = 14",
            (None, "IP", 28, 20, None, None, 14),
        ),
        ("1.6-1.9", "IP pool stats: total = 27, used = 25, c.maxIPsPerENI = 9", (None, "IP", 27, 25, None, None, 9)),
        ("1.6-1.9", "Prefix pool stats: total = 32, used = 25, c.maxIPsPerENI = 144", (None, "Prefix", 32, 25, None, None, 144)),
        (
            "1.10-1.11",
            "IP pool stats: total = 27, used = 20, IPs in Cooldown = 7, c.maxIPsPerENI = 9",
            (None, "IP", 27, 20, 7, None, 9),
        ),
        (
            "1.10 monitor",
            "IP/Prefix Address Pool stats: total: 18, assigned: 1, cooldownIPs: 2, total prefixes: 0",
            (None, None, 18, 1, 2, 0, None),
        ),
        (
            "1.12-1.19",
            "Prefix pool stats: Total IPs/Prefixes = 32/2, AssignedIPs/CooldownIPs: 30/1, c.maxIPsPerENI = 144",
            (None, "Prefix", 32, 30, 1, 2, 144),
        ),
        (
            "1.20",
            "IP pool stats for network card 1: Total IPs/Prefixes = 49/0, AssignedIPs/CooldownIPs: 3/0, c.maxIPsPerENI = 49",
            (1, "IP", 49, 3, 0, 0, 49),
        ),
        ("loop 1.19", "IP stats - total IPs: 29, assigned IPs: 10, cooldown IPs: 4", (None, None, 29, 10, 4, None, None)),
        (
            "loop 1.20",
            "IP stats for Network Card 0 - total IPs: 28, assigned IPs: 3, cooldown IPs: 0",
            (0, None, 28, 3, 0, None, None),
        ),
        (
            "warm targets",
            "Current warm IP stats: target: 5, total: 9, assigned: 7, available: 2, short: 3, over 0",
            (None, None, 9, 7, None, None, None),
        ),
        ("warm targets", "Current warm IP stats: target: 5, total: 9, used: 7, curTarget: 3", (None, None, 9, 7, None, None, None)),
        (
            "warm targets 1.12",
            "Current warm IP stats : target: 5, short: 0, over: 3, stats: Total IPs/Prefixes = 32/2, AssignedIPs/CooldownIPs: 24/8",
            (None, None, 32, 24, 8, 2, None),
        ),
        ("assignment", "AssignIPv4Address: IP address pool stats: total: 9, assigned 9", (None, None, 9, 9, None, None, None)),
        (
            "assignment",
            "UnassignPodIPv4Address: IP address pool stats: total:9, assigned 8, pod(Name: x)",
            (None, None, 9, 8, None, None, None),
        ),
    ],
)
def test_each_wording_has_its_parser(wording, text, numbers):
    stat = pool_stat(line(zap(text)))
    assert wording_of(text) == wording
    assert (
        stat.card,
        stat.kind,
        stat.total,
        stat.assigned,
        stat.cooling,
        stat.prefixes,
        stat.max_ips_per_eni,
    ) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "Reconciling ENI/IP pool info",
        "IP pool is too low: available (0) < ENI target (1) * addrsPerENI (9)",
        "IP pool stats: total = " + "9" * 5000,
    ],
)
def test_other_lines_are_no_statistics(text):
    assert pool_stat(line(text)) is None


def test_the_newest_line_of_each_card_counts():
    text = (
        zap("IP stats for Network Card 0 - total IPs: 9, assigned IPs: 1, cooldown IPs: 0", "2026-01-10T11:00:00.000Z")
        + zap("IP stats for Network Card 0 - total IPs: 18, assigned IPs: 9, cooldown IPs: 2", "2026-01-10T11:59:00.000Z")
        + zap("IP stats for Network Card 1 - total IPs: 49, assigned IPs: 3, cooldown IPs: 0", "2026-01-10T11:58:00.000Z")
    )
    for release in (None, (1, 20, 4)):
        stats = latest_stats(FakeBundle({LOG: text}), (0, 1), release)
        assert [(s.card, s.total, s.assigned, s.cooling) for s in stats] == [(0, 18, 9, 2), (1, 49, 3, 0)]
    assert stats[0].evidence.line == 2 and stats[0].time.minute == 59


def test_before_network_cards_the_node_has_one_line():
    text = zap("IP pool stats: Total IPs/Prefixes = 27/0, AssignedIPs/CooldownIPs: 20/7, c.maxIPsPerENI = 9")
    for release in (None, (1, 15, 1)):
        (stat,) = latest_stats(FakeBundle({LOG: text}), (0,), release)
        assert (stat.card, stat.total, stat.cooling) == (None, 27, 7)


def test_a_log_at_level_info_has_no_statistics():
    assert latest_stats(FakeBundle({LOG: zap("Received AddNetwork", level="info")})) == ()


def test_ipamd_that_logs_to_its_container_is_read_there():
    cri = "2026-01-10T11:59:58.000000000Z stderr F " + zap(
        "IP stats for Network Card 0 - total IPs: 9, assigned IPs: 1, cooldown IPs: 0"
    )
    (stat,) = latest_stats(FakeBundle({"var_log/kube-system_aws-node-x_1/aws-node/0.log": cri}))
    assert stat.total == 9


def test_all_targets_stand_in_one_line():
    text = zap(
        "IP pool manager - max pods: 29, warm IP target: 2, warm prefix target: 1, warm ENI target: 0, minimum IP target: 23",
        level="info",
    )
    said = latest_targets(FakeBundle({LOG: text}))
    assert (said.max_pods, said.warm_ip, said.warm_prefix, said.warm_eni, said.minimum_ip) == (29, 2, 1, 0, 23)
    older = latest_targets(FakeBundle({LOG: zap("IP pool manager - warm IP target: 5, warm ENI target: 1")}))
    assert (older.max_pods, older.warm_ip, older.minimum_ip) == (None, 5, None)


def test_a_target_stands_in_a_line_of_its_own_in_either_spelling():
    bundle = FakeBundle({LOG: zap("Using WARM_IP_TARGET 5") + zap("Using WARM-ENI-TARGET 2")})
    assert using_target(bundle, "WARM_IP_TARGET")[0] == 5 and using_target(bundle, "WARM_ENI_TARGET")[0] == 2
    assert using_target(bundle, "MINIMUM_IP_TARGET") is None


def test_room_for_an_eni_is_told_with_all_its_numbers():
    text = "hasRoomForEni: networkCard=0, currentENIs=2, maxENI=4, unmanagedENI=1, trunkEni=1, excludedENI=0, hasRoom=false"
    room = latest_room(FakeBundle({LOG: zap(text)}))
    assert (room.card, room.current, room.max_eni, room.unmanaged, room.trunk, room.excluded, room.has_room) == (
        0,
        2,
        4,
        1,
        1,
        0,
        False,
    )
    short = room_for_eni(line("hasRoomForEni: currentENIs=1, maxENI=3, hasRoom=true"))
    assert (short.current, short.max_eni, short.unmanaged, short.has_room) == (1, 3, None, True)
    assert latest_room(FakeBundle({LOG: zap(text)}), card=1) is None


def test_addresses_per_eni_are_told_at_the_start():
    ips, prefixes, quoted = latest_max_ips(FakeBundle({LOG: zap("Max ip per ENI 144 and max prefixes per ENI 9")}))
    assert (ips, prefixes, quoted.line) == (144, 9, 1)


def test_a_pool_that_is_too_low_says_by_what():
    old = pool_too_low(line("IP pool is too low: available (0) < ENI target (1) * addrsPerENI (16)"))
    new = pool_too_low(line("IP pool is too low for Network Card 1: available (-2) < ENI target (1) * addrsPerENI (9)"))
    assert (old.card, old.available, old.target, old.addresses_per_eni) == (None, 0, 1, 16)
    assert (new.card, new.available) == (1, -2)
    assert pool_too_low(line("IP pool is NOT too low: available (30) >= ENI target (1) * addrsPerENI (9)")) is None
