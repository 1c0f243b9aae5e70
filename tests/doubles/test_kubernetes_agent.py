"""The node monitoring agent: what its NodeDiagnostic goes through, step by step as somebody looks, and what it uploads."""

import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from .kube_asking import ADMIN_TOKEN, ask, watched
from .kubernetes import READER_TOKEN, KubeDouble, unreachable_endpoint

pytest_plugins = ["tests.doubles.kube_fixtures"]

PATH = "/apis/eks.amazonaws.com/v1alpha1/nodediagnostics"
SECRET = "X-Amz-Signature=5ec4e7"


class Bucket:
    """Takes PUTs as a presigned URL does; `status` is what it answers."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.headers: list[dict[str, str]] = []
        self.status = 200
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                bucket.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
                bucket.headers.append(dict(self.headers))
                body = b"<Error><Code>AccessDenied</Code></Error>"
                self.send_response(bucket.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}/bundles/logs.tar.gz?X-Amz-Expires=900&{SECRET}"


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    bucket = Bucket()
    bucket.thread.start()
    yield bucket
    bucket.server.shutdown()
    bucket.server.server_close()


def ask_for_logs(kube: KubeDouble, node: str, destination: str) -> None:
    body = {
        "apiVersion": "eks.amazonaws.com/v1alpha1",
        "kind": "NodeDiagnostic",
        "metadata": {"name": node},
        "spec": {"logCapture": {"destination": destination}},
    }
    code, answer = ask(kube, PATH, READER_TOKEN, "POST", body)
    assert code == 201, answer


def look(kube: KubeDouble, node: str) -> dict[str, Any]:
    """The state that one look shows; empty when there is no status."""
    _, body = ask(kube, f"{PATH}/{node}", READER_TOKEN)
    statuses = body.get("status", {}).get("captureStatuses", [])
    assert all(s["type"] == "Log" for s in statuses)
    return statuses[0]["state"] if statuses else {}


def reasons(kube: KubeDouble, node: str, looks: int) -> list[str]:
    """What each of so many looks shows: nothing, running, or the reason of the end."""
    states = [look(kube, node) for _ in range(looks)]
    return [s["completed"]["reason"] if "completed" in s else "running" if "running" in s else "nothing" for s in states]


@pytest.fixture
def node(kube: KubeDouble) -> str:
    """The name of a node with an agent that works."""
    return kube.scenario_node()["metadata"]["name"]


def test_the_agent_runs_then_uploads_the_nodes_bundle_and_says_success(kube: KubeDouble, node: str, bucket: Bucket) -> None:
    ask_for_logs(kube, node, bucket.url)
    assert reasons(kube, node, 3) == ["running", "Success", "Success"]
    assert kube.agents.uploads == [(node, 200)]
    (target,) = bucket.objects
    assert target.startswith("/bundles/logs.tar.gz?X-Amz-Expires")
    with tarfile.open(fileobj=io.BytesIO(bucket.objects[target])) as archive:
        names = archive.getnames()
    assert "kubelet/kubelet.log" in names  # the agent's layout: no leading ./


def test_the_bundle_is_that_of_the_node_it_is_uploaded_for(kube: KubeDouble, node: str, bucket: Bucket) -> None:
    ask_for_logs(kube, node, bucket.url)
    reasons(kube, node, 2)
    with tarfile.open(fileobj=io.BytesIO(next(iter(bucket.objects.values())))) as archive:
        inside = archive.extractfile("system/instance-id.txt").read().decode().strip()
    assert kube.get("Node", node)["spec"]["providerID"].endswith(f"/{inside}")


def test_the_upload_says_nothing_of_a_content_type_because_the_url_did_not_sign_one(
    kube: KubeDouble, node: str, bucket: Bucket
) -> None:
    ask_for_logs(kube, node, bucket.url)
    reasons(kube, node, 2)
    assert "Content-Type" not in bucket.headers[0]


def test_a_list_and_a_watch_move_it_on_as_well(kube: KubeDouble, node: str, bucket: Bucket) -> None:
    ask_for_logs(kube, node, bucket.url)
    version = kube.get("NodeDiagnostic", node)["metadata"]["resourceVersion"]
    events = watched(kube, PATH, READER_TOKEN, resourceVersion=version)
    states = [next(iter(obj["status"]["captureStatuses"][0]["state"])) for _, obj in events]
    assert states == ["running", "completed"]


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        (("running",), ["running", "running", "running"]),
        (("nothing", "running", "upload"), ["nothing", "running", "Success"]),
        (("running", "upload-with-errors"), ["running", "SuccessWithErrors", "SuccessWithErrors"]),
        (("running", "collection-failed"), ["running", "Failure", "Failure"]),
        (("running", "timed-out"), ["running", "Failure", "Failure"]),
        (("blocked",), ["Failure", "Failure", "Failure"]),
        (("running", "upload", "upload-failed"), ["running", "Success", "Failure"]),
    ],
)
def test_what_happens_is_scripted(kube: KubeDouble, bucket: Bucket, script, seen: list[str]) -> None:
    node = kube.scenario_node("healthy-node-agent", *script)["metadata"]["name"]
    ask_for_logs(kube, node, bucket.url)
    assert reasons(kube, node, 3) == seen


def test_without_an_agent_there_never_is_a_status(kube: KubeDouble, bucket: Bucket) -> None:
    kube.node("n1", "i-0123456789abcdef0")
    ask_for_logs(kube, "n1", bucket.url)
    assert reasons(kube, "n1", 3) == ["nothing"] * 3


def test_an_agent_acts_on_the_object_of_its_own_node_only(kube: KubeDouble, node: str, bucket: Bucket) -> None:
    kube.node("n1", "i-0123456789abcdef0")
    ask_for_logs(kube, "n1", bucket.url)
    assert reasons(kube, "n1", 2) == ["nothing", "nothing"]
    assert bucket.objects == {}
    ask_for_logs(kube, node, bucket.url)
    assert reasons(kube, "n1", 2) == ["nothing", "nothing"]
    assert reasons(kube, node, 1) == ["running"]  # who looks at one does not move the other


def test_a_failed_upload_puts_the_presigned_url_into_the_message(kube: KubeDouble, bucket: Bucket) -> None:
    node = kube.scenario_node("healthy-node-agent", "running", "upload-failed")["metadata"]["name"]
    ask_for_logs(kube, node, bucket.url)
    reasons(kube, node, 1)
    told = look(kube, node)["completed"]["message"]
    assert told.startswith(f'fatal error during log upload process: Put "{bucket.url}": context deadline exceeded')
    assert SECRET in told


@pytest.mark.parametrize("status", [403, 201, 204, 500])
def test_any_answer_but_200_is_a_failure_that_quotes_the_body(kube: KubeDouble, node: str, bucket: Bucket, status: int) -> None:
    bucket.status = status
    ask_for_logs(kube, node, bucket.url)
    assert reasons(kube, node, 2) == ["running", "Failure"]
    told = look(kube, node)["completed"]["message"]
    assert told.startswith("fatal error during log upload process: request failed, response body: ")
    assert "AccessDenied" in told or status == 204


def test_a_refused_connection_is_a_failure(kube: KubeDouble, node: str, bucket: Bucket) -> None:
    bucket.server.shutdown()
    bucket.server.server_close()
    ask_for_logs(kube, node, bucket.url)
    assert reasons(kube, node, 2) == ["running", "Failure"]
    assert "connect: connection refused" in look(kube, node)["completed"]["message"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://bucket.s3.us-west-2.amazonaws.com/key", "lookup bucket.s3.us-west-2.amazonaws.com: no such host"),
        ("ftp://127.0.0.1/key", 'unsupported protocol scheme "ftp"'),
    ],
)
def test_the_double_sends_nothing_away_from_this_machine(kube: KubeDouble, node: str, url: str, why: str) -> None:
    ask_for_logs(kube, node, url)
    assert reasons(kube, node, 2) == ["running", "Failure"]
    assert look(kube, node)["completed"]["message"].endswith(why)
    assert kube.agents.uploads == []


def test_an_agent_that_starts_anew_does_it_all_again_and_may_spoil_a_success(kube: KubeDouble, node: str, bucket: Bucket) -> None:
    ask_for_logs(kube, node, bucket.url)
    assert reasons(kube, node, 2) == ["running", "Success"]
    bucket.status = 403  # the URL has run out in the meantime
    kube.agents.restart(node)
    assert reasons(kube, node, 2) == ["running", "Failure"]


def test_a_deleted_object_is_not_acted_on_and_a_new_one_begins_anew(kube: KubeDouble, node: str, bucket: Bucket) -> None:
    ask_for_logs(kube, node, bucket.url)
    assert reasons(kube, node, 2) == ["running", "Success"]
    ask(kube, f"{PATH}/{node}", READER_TOKEN, "DELETE")
    kube.agents.restart(node)
    assert ask(kube, f"{PATH}/{node}", READER_TOKEN)[0] == 404
    ask_for_logs(kube, node, bucket.url)
    assert reasons(kube, node, 2) == ["running", "Success"]


def test_running_may_be_null_beside_completed(kube: KubeDouble, bucket: Bucket) -> None:
    kube.node("n1", "i-0123456789abcdef0")
    kube.agent("n1", keeps_nulls=True)
    ask_for_logs(kube, "n1", bucket.url)
    look(kube, "n1")
    state = look(kube, "n1")
    assert state["running"] is None
    assert state["completed"]["reason"] == "Success"


def test_the_destination_node_saves_on_the_node_and_needs_the_proxy(kube: KubeDouble, node: str) -> None:
    ask_for_logs(kube, node, "node")
    assert reasons(kube, node, 2) == ["running", "Success"]
    assert f"/var/log/support/{node}-logs.tar.gz" in look(kube, node)["completed"]["message"]
    path = f"/api/v1/nodes/{node}/proxy/logs/support/{node}-logs.tar.gz"
    assert ask(kube, path, READER_TOKEN)[0] == 403
    assert kube.agents.saved[node][:2] == b"\x1f\x8b"
    assert ask(kube, path.replace("support", "pods"), ADMIN_TOKEN)[0] == 404


def test_a_node_may_refuse_to_keep_the_logs(kube: KubeDouble) -> None:
    kube.node("n1", "i-0123456789abcdef0")
    kube.agent("n1", saves=False)
    ask_for_logs(kube, "n1", "node")
    assert reasons(kube, "n1", 2) == ["running", "Failure"]
    assert look(kube, "n1")["completed"]["message"] == "failed to create support directory"


def test_an_upload_that_finds_no_open_port_ends_by_the_agents_own_timeout(kube: KubeDouble, node: str, bucket: Bucket) -> None:
    with unreachable_endpoint() as nowhere:
        kube.agents.timeout_s = 0.2
        ask_for_logs(kube, node, nowhere.replace("https", "http") + f"/key?{SECRET}")
        assert reasons(kube, node, 2) == ["running", "Failure"]
    assert "Client.Timeout exceeded" in look(kube, node)["completed"]["message"]
