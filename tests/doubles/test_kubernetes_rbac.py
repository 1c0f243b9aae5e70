"""RBAC: who may do what, in the words of the recorded server, and before anything is looked up."""

import pytest

from .kube_asking import ask, message
from .kubernetes import READER_TOKEN, KubeDouble, Rule

pytest_plugins = ["tests.doubles.kube_fixtures"]

NOBODY = "nobody-token"


@pytest.fixture
def nobody(kube: KubeDouble) -> KubeDouble:
    """A cluster that knows a user who may do nothing."""
    kube.user("X", token=NOBODY)
    return kube


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        (
            "GET",
            "/api/v1/namespaces/kube-system/pods",
            'pods is forbidden: User "X" cannot list resource "pods" in API group "" in the namespace "kube-system"',
        ),
        ("GET", "/api/v1/pods", 'pods is forbidden: User "X" cannot list resource "pods" in API group "" at the cluster scope'),
        (
            "GET",
            "/apis/apps/v1/namespaces/a/deployments",
            'deployments.apps is forbidden: User "X" cannot list resource "deployments" in API group "apps" in the namespace "a"',
        ),
        (
            "GET",
            "/api/v1/nodes/n/proxy/logs/",
            'nodes "n" is forbidden: User "X" cannot get resource "nodes/proxy" in API group "" at the cluster scope',
        ),
        (
            "GET",
            "/api/v1/namespaces/a/pods/p/log",
            'pods "p" is forbidden: User "X" cannot get resource "pods/log" in API group "" in the namespace "a"',
        ),
        (
            "GET",
            "/api/v1/namespaces/a",
            'namespaces "a" is forbidden: User "X" cannot get resource "namespaces" in API group "" in the namespace "a"',
        ),
        (
            "POST",
            "/apis/eks.amazonaws.com/v1alpha1/nodediagnostics",
            'nodediagnostics.eks.amazonaws.com is forbidden: User "X" cannot create resource "nodediagnostics" in API group '
            '"eks.amazonaws.com" at the cluster scope',
        ),
        (
            "DELETE",
            "/apis/eks.amazonaws.com/v1alpha1/nodediagnostics/n",
            'nodediagnostics.eks.amazonaws.com "n" is forbidden: User "X" cannot delete resource "nodediagnostics" in API group '
            '"eks.amazonaws.com" at the cluster scope',
        ),
    ],
)
def test_a_refusal_is_worded_as_the_real_server_words_it(nobody: KubeDouble, method: str, path: str, text: str) -> None:
    assert message(ask(nobody, path, NOBODY, method)) == (403, text)


def test_watching_is_a_verb_of_its_own(nobody: KubeDouble) -> None:
    assert "cannot watch resource" in ask(nobody, "/api/v1/pods", NOBODY, watch="true")[1]


def test_permission_is_checked_before_existence(nobody: KubeDouble) -> None:
    paths = ("/api/v1/namespaces/a/pods/none", "/api/v1/foos", "/apis/no.such.group/v1/things")
    assert [ask(nobody, p, NOBODY)[0] for p in paths] == [403, 403, 403]
    assert [ask(nobody, p)[0] for p in paths] == [404, 404, 404]


def test_what_is_missing_is_told_in_three_ways(kube: KubeDouble) -> None:
    code, body = ask(kube, "/api/v1/namespaces/a/pods/none")
    assert (code, body["message"], body["reason"]) == (404, 'pods "none" not found', "NotFound")
    assert body["details"] == {"name": "none", "kind": "pods"}
    assert message(ask(kube, "/api/v1/foos")) == (404, "the server could not find the requested resource")
    assert ask(kube, "/apis/no.such.group/v1/things") == (404, "404 page not found\n")


def test_a_role_in_one_namespace_is_no_role_in_another_or_in_all(nobody: KubeDouble) -> None:
    nobody.user("X", Rule(("get", "list"), ("",), ("pods",), namespaces=("kube-system",)), token=NOBODY)
    paths = ("/api/v1/namespaces/kube-system/pods", "/api/v1/namespaces/default/pods", "/api/v1/pods")
    assert [ask(nobody, p, NOBODY)[0] for p in paths] == [200, 403, 403]


def test_a_right_to_pods_is_no_right_to_their_logs(nobody: KubeDouble) -> None:
    nobody.user("X", Rule(("get",), ("",), ("pods",)), token=NOBODY)
    nobody.pod("p")
    assert ask(nobody, "/api/v1/namespaces/default/pods/p", NOBODY)[0] == 200
    assert ask(nobody, "/api/v1/namespaces/default/pods/p/log", NOBODY)[0] == 403


def test_a_rule_may_name_objects(nobody: KubeDouble) -> None:
    nobody.user("X", Rule(("get",), ("",), ("configmaps",), names=("coredns",)), token=NOBODY)
    path = "/api/v1/namespaces/kube-system/configmaps/"
    assert [ask(nobody, path + name, NOBODY)[0] for name in ("coredns", "amazon-vpc-cni")] == [200, 403]


def test_discovery_and_the_version_are_everyones_who_is_known(nobody: KubeDouble) -> None:
    for path in ("/version", "/api", "/apis", "/api/v1", "/apis/apps/v1", "/livez"):
        assert ask(nobody, path, NOBODY)[0] == 200, path
        assert ask(nobody, path, "")[0] == 401, path


@pytest.mark.parametrize(
    ("verb", "resource", "group", "allowed"),
    [
        ("list", "pods", "", True),
        ("create", "nodediagnostics", "eks.amazonaws.com", True),
        ("patch", "nodediagnostics", "eks.amazonaws.com", False),
        ("delete", "pods", "", False),
        ("get", "nodes/proxy", "", False),
        ("create", "pods/exec", "", False),
    ],
)
def test_the_default_reader_reads_and_asks_for_log_bundles_and_can_know_so(
    kube: KubeDouble, verb, resource, group, allowed
) -> None:
    plural, _, sub = resource.partition("/")
    about = {"verb": verb, "resource": plural, "subresource": sub, "group": group}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": about}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    code, body = ask(kube, path, READER_TOKEN, "POST", review)
    assert (code, body["status"]["allowed"]) == (201, allowed)


def test_the_audit_log_tells_reading_from_writing(kube: KubeDouble) -> None:
    ask(kube, "/api/v1/nodes", READER_TOKEN)
    ask(kube, "/apis/eks.amazonaws.com/v1alpha1/nodediagnostics/n", READER_TOKEN, "DELETE")
    assert kube.writes() == []
    ask(kube, "/api/v1/namespaces/a/pods/p", READER_TOKEN, "DELETE")
    ask(kube, "/api/v1/nodes/n/proxy/logs/", READER_TOKEN)
    assert kube.writes() == [("delete", "/api/v1/namespaces/a/pods/p", "reader"), ("get", "/api/v1/nodes/n/proxy/logs/", "reader")]
