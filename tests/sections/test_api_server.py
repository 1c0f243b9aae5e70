"""Section api_server: five calls and what came of each."""

import pytest

from eks_diag_mcp.sections import api_server

from .conftest import FakeBundle, keys
from .healthy import NODES, healthy

HOST = "0a1b.gr7.us-west-2.eks.amazonaws.com"
HEAD = f"curling https://{HOST} ({{}} of 5) 2026-01-10T11:59:5{{}}.120UTC\n\n\n"
METER = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"
GOOD = f"*   Trying 10.0.40.9:443...\n* Connected to {HOST} (10.0.40.9) port 443 (#0)\n> GET /livez?verbose HTTP/1.1\r\n< HTTP/2 200 \r\n{{ [1 bytes data]\n[+]ping ok\n[+]etcd ok\nlivez check passed\n"
KUBECONFIG = f"apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority: /etc/kubernetes/pki/ca.crt\n    server: https://{HOST}\n  name: kubernetes\n"


def denied(code, word):
    return (
        GOOD.split("< HTTP", maxsplit=1)[0]
        + f'< HTTP/2 {code} \r\n{{\n  "kind": "Status",\n  "message": "{word}",\n  "code": {code}\n}}\n'
    )


def failed(code, says):
    return f"\r  0     0    0     0    0     0      0      0 --:--:--  0:00:03 --:--:--     0curl: ({code}) {says}\n"


def node(*tries, head=True):
    text = "".join((HEAD.format(n, n) if head else "") + METER + t for n, t in enumerate(tries, 1))
    return FakeBundle({"networking/curl_api_server.txt": text, "kubelet/kubeconfig.yaml": KUBECONFIG})


@pytest.mark.parametrize("name", NODES)
def test_healthy_nodes_are_ok(name):
    section = api_server.read(healthy(name), None)
    assert section.outcome == "ok" and section.value("api_server_answered") == 5


@pytest.mark.parametrize("head", [True, False])
def test_five_good_calls_are_ok(head):
    section = api_server.read(node(*[GOOD] * 5, head=head), None)
    assert section.outcome == "ok" and section.value("api_server_tries") == 5 and section.value("outcome", "try 3") == "HTTP 200"
    assert section.value("api_server_endpoint") == f"https://{HOST}" and section.value("api_server_reachable") is True


@pytest.mark.parametrize(("code", "word"), [(401, "Unauthorized"), (403, "forbidden: User anonymous cannot get path")])
def test_a_refusal_is_an_answer(code, word):
    section = api_server.read(node(*[denied(code, word)] * 5), None)
    assert section.outcome == "ok" and section.value("outcome", "try 1") == f"HTTP {code}"


@pytest.mark.parametrize(
    ("code", "says", "key", "cause", "weight"),
    [
        (6, f"Could not resolve host: {HOST}", "name_unresolved", "dns", 4),
        (7, f"Failed to connect to {HOST} port 443 after 2 ms: Couldn't connect to server", "no_answer", "kubelet_notready", 3),
        (28, "Connection timed out after 3001 milliseconds", "no_answer", "kubelet_notready", 3),
        (35, "OpenSSL SSL_connect: Connection reset by peer in connection", "no_answer", "kubelet_notready", 3),
        (60, "SSL certificate problem: certificate has expired", "certificate", "cert_expired", 4),
    ],
)
def test_what_failed_says_what_to_look_at(code, says, key, cause, weight):
    section = api_server.read(node(*[failed(code, says)] * 5), None)
    issue = keys(section)[f"api_server.{key}"]
    assert (issue.severity, issue.weight, issue.speaks_for) == ("high", weight, (cause,)) and says in issue.title
    assert section.value("api_server_reachable") is False and section.value("outcome", "try 5") == f"curl {code}"
    assert issue.because[0].text == f"curl: ({code}) {says}"


def test_a_certificate_from_the_future_speaks_for_the_clock_as_well():
    section = api_server.read(node(failed(60, "SSL certificate problem: certificate is not yet valid")), None)
    assert keys(section)["api_server.certificate"].speaks_for == ("cert_expired", "clock_skew")


def test_some_failures_among_answers_weigh_less():
    section = api_server.read(node(GOOD, failed(28, "Connection timed out after 3000 ms"), GOOD, GOOD, GOOD), None)
    issue = keys(section)["api_server.no_answer"]
    assert (issue.severity, issue.weight) == ("medium", 2) and "1 of 5" in issue.title
    assert section.value("api_server_answered") == 4 and section.value("api_server_reachable") is True


def test_a_server_that_is_unwell_says_so():
    sick = (
        GOOD.replace("HTTP/2 200", "HTTP/2 500")
        .replace("[+]etcd ok", "[-]etcd failed: reason withheld")
        .replace("passed", "failed")
    )
    assert keys(api_server.read(node(*[sick] * 5), None))["api_server.unhealthy"].severity == "medium"


def test_half_a_file_or_none_is_unknown():
    for text in ("", HEAD.format(1, 1) + METER):
        section = api_server.read(FakeBundle({"networking/curl_api_server.txt": text}), None)
        assert section.outcome == "unknown" and section.value("api_server_reachable") is None and not section.issues
    cut = api_server.read(
        FakeBundle({"networking/curl_api_server.txt": HEAD.format(1, 1) + METER + GOOD + HEAD.format(2, 2) + METER}), None
    )
    assert cut.outcome == "ok" and cut.value("api_server_answered") == 1


def test_the_agents_file_has_the_bare_answer_and_its_failure_elsewhere():
    asked = f"sending GET request to https://{HOST}/livez?verbose\n"
    good = FakeBundle({"networking/get_api_server.txt": (asked + "[+]ping ok\nlivez check passed") * 2})
    assert api_server.read(good, None).value("api_server_answered") == 2
    refused = FakeBundle(
        {"networking/get_api_server.txt": asked + '{"kind":"Status","status":"Failure","reason":"Unauthorized","code":401}'}
    )
    assert api_server.read(refused, None).outcome == "ok"
    errors = f'--- Errors in collector "networking" ---\nfailed to make api server request: Get "https://{HOST}/livez?verbose": dial tcp: lookup {HOST}: no such host\n'
    section = api_server.read(FakeBundle({"networking/get_api_server.txt": asked, "log-capture-errors.log": errors}), None)
    assert keys(section)["api_server.name_unresolved"].because[0].file == "log-capture-errors.log"
