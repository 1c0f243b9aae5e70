"""The token bucket, on a clock that the test turns."""

from eks_diag_mcp.server.rates import Rates


def test_a_bucket_holds_a_minute_of_calls_and_fills_again() -> None:
    clock = [100.0]
    rates = Rates(60, lambda: clock[0])
    assert [rates.take("a", "errors") for _ in range(60)] == [0.0] * 60
    assert rates.take("a", "errors") == 1.0
    assert rates.take("b", "errors") == 0.0
    clock[0] += 2
    assert [rates.take("a", "errors") for _ in range(2)] == [0.0] * 2
    assert rates.take("a", "errors") > 0
    clock[0] += 3600
    assert [rates.take("a", "errors") for _ in range(60)] == [0.0] * 60
    assert rates.take("a", "errors") > 0


def test_collecting_costs_more_and_a_refused_call_costs_nothing() -> None:
    rates = Rates(12, lambda: 0.0)
    assert [rates.take("a", "collect") for _ in range(2)] == [0.0, 0.0]
    assert rates.take("a", "collect") == 15.0
    assert rates.take("a", "errors") == rates.take("a", "errors") == 0.0
    assert rates.take("a", "errors") == 5.0


def test_no_call_costs_more_than_the_bucket_holds() -> None:
    assert Rates(3, lambda: 0.0).take("a", "batch_collect") == 0.0
