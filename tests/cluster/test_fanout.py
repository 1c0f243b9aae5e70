"""Calls at once: what fails or hangs is a gap, the rest is there, and giving up stops the wait."""

import itertools
import threading

import pytest

from eks_diag_mcp.cluster.fanout import Fanout
from eks_diag_mcp.errors import Denied, Throttled


def refuse() -> None:
    raise Denied("The permission ec2:DescribeSubnets is missing.", action="ec2:DescribeSubnets")


def busy() -> None:
    raise Throttled("too many requests")


def test_answers_keep_their_order_and_failures_become_gaps_with_the_permission() -> None:
    fan = Fanout(lambda: 0.0, 10)
    assert fan.run({"a": lambda: 1, "b": refuse, "c": lambda: 3, "d": busy}) == {"a": 1, "c": 3}
    assert sorted((g.what, g.missing) for g in fan.gaps) == [("b", "ec2:DescribeSubnets"), ("d", "")]


def test_a_call_that_hangs_is_a_gap_at_the_deadline_and_nobody_waits_for_it() -> None:
    clock, release = itertools.count(), threading.Event()
    fan = Fanout(lambda: float(next(clock)), 5)
    assert fan.run({"quick": lambda: "here", "hangs": release.wait}).get("hangs") is None
    release.set()
    assert [str(g) for g in fan.gaps] == ["hangs: no answer in the time this call may take"]


def test_a_fault_of_our_own_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        Fanout(lambda: 0.0, 10).run({"a": lambda: 1 // 0})


def test_a_caller_that_gave_up_stops_the_wait() -> None:
    class GaveUp(Exception):
        pass

    def checkpoint() -> None:
        raise GaveUp

    release = threading.Event()
    with pytest.raises(GaveUp):
        Fanout(lambda: 0.0, 10, checkpoint).run({"hangs": release.wait})
    release.set()
