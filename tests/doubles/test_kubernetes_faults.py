"""Faults on demand, as a client under test meets them. No retries, so that each is seen."""

import pytest
from kubernetes import client
from urllib3.exceptions import ConnectTimeoutError, ProtocolError, ReadTimeoutError

from .kube_asking import api_client, ask, message
from .kubernetes import READER_TOKEN, KubeDouble, unreachable_endpoint

pytest_plugins = ["tests.doubles.kube_fixtures"]

PODS = "/api/v1/pods"


def pods(kube: KubeDouble, **how) -> list[str]:
    api = client.CoreV1Api(api_client(kube, **how))
    return [p.metadata.name for p in api.list_pod_for_all_namespaces(_request_timeout=(0.5, 0.5)).items]


@pytest.mark.parametrize(
    ("code", "reason", "text"),
    [
        (429, "TooManyRequests", "Too many requests, please try again later."),
        (500, "InternalError", "Internal error occurred: etcdserver: request timed out"),
        (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
        (504, "Timeout", "Timeout: request did not complete within requested timeout - context deadline exceeded"),
    ],
)
def test_a_status_strikes_so_many_times_and_then_all_is_well(kube: KubeDouble, code: int, reason: str, text: str) -> None:
    kube.fail("list", "pods", code, times=2)
    answers = [ask(kube, PODS) for _ in range(3)]
    assert [c for c, _ in answers] == [code, code, 200]
    assert message(answers[0]) == (code, text)
    assert answers[0][1]["reason"] == reason


def test_a_fault_meets_only_its_verb_and_resource(kube: KubeDouble) -> None:
    kube.pod("p")
    kube.fail("get", "pods/log", 500, message="Internal error occurred: kubelet")
    assert ask(kube, PODS)[0] == 200
    assert ask(kube, "/api/v1/namespaces/default/pods/p")[0] == 200
    assert message(ask(kube, "/api/v1/namespaces/default/pods/p/log")) == (500, "Internal error occurred: kubelet")
    kube.fail("*", "*", 503)
    assert [ask(kube, "/version")[0] for _ in range(2)] == [503, 200]


def test_overload_says_when_to_come_back(kube: KubeDouble) -> None:
    kube.fail("list", "pods", 429, retry_after_s=1)
    with pytest.raises(client.exceptions.ApiException) as caught:
        pods(kube)
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "1")


def test_a_reset_connection_is_an_error_and_the_next_one_works(kube: KubeDouble) -> None:
    kube.reset_connection("list", "pods")
    with pytest.raises(ProtocolError):
        pods(kube)
    assert pods(kube) == []


def test_a_body_may_be_cut_in_the_middle(kube: KubeDouble) -> None:
    kube.cut_body("list", "pods")
    with pytest.raises(ProtocolError, match="IncompleteRead"):
        pods(kube)


def test_a_silent_server_is_left_after_the_read_timeout(kube: KubeDouble) -> None:
    kube.keep_silent("list", "pods")
    with pytest.raises(ReadTimeoutError):
        pods(kube)
    assert pods(kube) == []


def test_the_wrong_ca_is_refused_by_the_client_before_it_sends_its_token(kube: KubeDouble) -> None:
    with pytest.raises(client.exceptions.ApiException, match="CERTIFICATE_VERIFY_FAILED"):
        pods(kube, ca_pem=kube.wrong_ca_pem)
    assert kube.calls == []


def test_a_private_endpoint_seen_from_outside_is_a_connect_timeout(kube: KubeDouble) -> None:
    with unreachable_endpoint() as endpoint, pytest.raises(ConnectTimeoutError):
        pods(kube, endpoint=endpoint)


def test_a_reset_double_has_forgotten_faults_objects_and_calls(kube: KubeDouble) -> None:
    kube.fail("*", "*", 500, times=9)
    kube.pod("p")
    kube.user("reader", token=READER_TOKEN)
    kube.reset()
    assert kube.calls == []
    assert pods(kube) == []
