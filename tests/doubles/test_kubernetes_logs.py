"""Pod logs: the lines, and what the server says of a container that has none."""

from datetime import timedelta

import pytest

from .kube_asking import ask, message
from .kubernetes import KubeDouble, PodState

pytest_plugins = ["tests.doubles.kube_fixtures"]

NODE = "ip-10-0-1-23.us-west-2.compute.internal"
LOG = "/api/v1/namespaces/default/pods/web/log"


@pytest.fixture
def web(kube: KubeDouble) -> KubeDouble:
    """One pod with one container, which has written ten lines, one a minute."""
    kube.node(NODE, "i-0123456789abcdef0")
    kube.pod("web", node=NODE)
    now = kube.now()
    kube.clock = lambda: now
    kube.log("default", "web", "app", [(now - timedelta(minutes=9 - n), f"line {n}") for n in range(10)], previous=["panic"])
    return kube


def test_the_log_is_plain_text_and_may_be_cut_by_lines_time_and_bytes(web: KubeDouble) -> None:
    assert ask(web, LOG)[1].splitlines() == [f"line {n}" for n in range(10)]
    assert ask(web, LOG, tailLines=2)[1] == "line 8\nline 9\n"
    assert ask(web, LOG, tailLines=0) == (200, "")
    assert ask(web, LOG, sinceSeconds=61)[1] == "line 8\nline 9\n"
    assert ask(web, LOG, sinceSeconds=3600, tailLines=1)[1] == "line 9\n"
    assert ask(web, LOG, limitBytes=6)[1] == "line 0"


def test_lines_may_be_stamped(web: KubeDouble) -> None:
    stamp, _, words = ask(web, LOG, timestamps="true", tailLines=1)[1].partition(" ")
    assert (stamp, words) == (f"{web.now():%Y-%m-%dT%H:%M:%SZ}", "line 9\n")


def test_the_previous_run_has_lines_of_its_own_or_is_refused(web: KubeDouble) -> None:
    assert ask(web, LOG, previous="true") == (200, "panic\n")
    web.log("default", "web", "app", ["only run"])
    told = 'previous terminated container "app" in pod "web" not found'
    assert message(ask(web, LOG, previous="true")) == (400, told)


@pytest.mark.parametrize(
    ("waiting", "why"),
    [
        ("ContainerCreating", "ContainerCreating"),
        ("ErrImagePull", "image can't be pulled"),
        ("ImagePullBackOff", "trying and failing to pull image"),
    ],
)
def test_a_container_that_has_not_started_says_why(web: KubeDouble, waiting: str, why: str) -> None:
    web.pod("new", node=NODE, phase="Pending", waiting=waiting)
    answer = ask(web, "/api/v1/namespaces/default/pods/new/log")
    assert message(answer) == (400, f'container "app" in pod "new" is waiting to start: {why}')


def test_a_container_in_its_back_off_shows_the_lines_of_its_last_run(web: KubeDouble) -> None:
    web.pod("web", node=NODE, state=PodState(waiting="CrashLoopBackOff", restarts=5, ended=("OOMKilled", 137)))
    web.log("default", "web", "app", [], previous=["last words"])
    assert ask(web, LOG) == (200, "last words\n")


def test_a_pod_that_is_not_scheduled_has_an_empty_log(web: KubeDouble) -> None:
    web.pod("queued", phase="Pending")
    assert ask(web, "/api/v1/namespaces/default/pods/queued/log") == (200, "")


def test_a_kubelet_that_does_not_answer_is_a_500_that_names_its_address(web: KubeDouble) -> None:
    web.node(NODE, "i-0123456789abcdef0", ready="Unknown")
    code, body = ask(web, LOG)
    assert (code, body["reason"]) == (500, "")
    assert body["message"] == 'Get "https://10.0.1.23:10250/containerLogs/default/web/app": dial tcp 10.0.1.23:10250: i/o timeout'


def test_of_several_containers_one_must_be_chosen(web: KubeDouble) -> None:
    daemon = next(p["metadata"]["name"] for p in web.store.all("pods", "kube-system") if "aws-node" in p["metadata"]["name"])
    path = f"/api/v1/namespaces/kube-system/pods/{daemon}/log"
    web.log("kube-system", daemon, "aws-node", ["ready"])
    choice = "choose one of: [aws-node aws-eks-nodeagent] or one of the init containers: [aws-vpc-cni-init]"
    assert message(ask(web, path)) == (400, f"a container name must be specified for pod {daemon}, {choice}")
    assert ask(web, path, container="aws-node") == (200, "ready\n")
    assert message(ask(web, path, container="x")) == (400, f"container x is not valid for pod {daemon}")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"tailLines": -1}, "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ({"sinceSeconds": 0}, "sinceSeconds: Invalid value: 0: must be greater than 0"),
    ],
)
def test_senseless_cuts_are_422(web: KubeDouble, query: dict[str, int], text: str) -> None:
    code, told = message(ask(web, LOG, **query))
    assert (code, told) == (422, f'PodLogOptions "web" is invalid: {text}')


def test_no_pod_no_log(web: KubeDouble) -> None:
    assert message(ask(web, "/api/v1/namespaces/default/pods/none/log")) == (404, 'pods "none" not found')
