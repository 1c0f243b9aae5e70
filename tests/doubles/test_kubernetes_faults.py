"""Faults on demand, as a client under test meets them. No retries, so that each is seen."""

import socket
import ssl

import pytest
from kubernetes import client
from urllib3.exceptions import ConnectTimeoutError, ProtocolError, ReadTimeoutError

from .kube_asking import api_client, ask, message
from .kubernetes import FOREVER, READER_TOKEN, KubeDouble, unreachable_endpoint

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


def test_a_scripted_403_is_worded_as_rbac_words_it(kube: KubeDouble) -> None:
    kube.fail("list", "events", 403, times=FOREVER)
    told = 'events is forbidden: User "reader" cannot list resource "events" in API group "" at the cluster scope'
    assert [message(ask(kube, "/api/v1/events", READER_TOKEN)) for _ in range(3)] == [(403, told)] * 3
    assert ask(kube, "/api/v1/events", "stranger")[0] == 401


def test_pages_may_expire_while_somebody_reads_them(kube: KubeDouble) -> None:
    for n in range(4):
        kube.pod(f"p{n}")
    kube.expire_pages("pods")
    token = ask(kube, PODS, limit=2)[1]["metadata"]["continue"]
    code, body = ask(kube, PODS, limit=2, continue_=token)
    assert (code, body["reason"]) == (410, "Expired")
    rest = ask(kube, PODS, limit=2, continue_=body["metadata"]["continue"])[1]
    assert [p["metadata"]["name"] for p in rest["items"]] == ["p2", "p3"]


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


def test_the_reset_is_one_of_tcp_and_not_a_plain_end(kube: KubeDouble) -> None:
    kube.reset_connection("*", "*")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context(cadata=kube.ca_pem).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with socket.create_connection(("127.0.0.1", int(kube.endpoint.rpartition(":")[2])), timeout=20) as raw:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        tls.write(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
        raw.sendall(outgoing.read())
        with pytest.raises(ConnectionResetError):
            while raw.recv(65536):
                pass


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
