"""Lists: their shape, selectors, pages. Each fact was recorded from a real kube-apiserver."""

import base64
import json

import pytest

from .kube_asking import ask, message
from .kubernetes import KubeDouble

pytest_plugins = ["tests.doubles.kube_fixtures"]

PODS = "/api/v1/namespaces/kube-system/pods"
NODE = "ip-10-0-1-23.us-west-2.compute.internal"


@pytest.fixture
def five(kube: KubeDouble) -> KubeDouble:
    """Five pods p0 to p4 in kube-system, the first two of app a; one of them pending."""
    kube.node(NODE, "i-0123456789abcdef0", daemons=())
    for n in range(5):
        labels = {"app": "a" if n < 2 else "b", "n": str(n)} | ({"special": "yes"} if n == 4 else {})
        kube.pod(f"p{n}", "kube-system", node=NODE if n else "", phase="Running" if n else "Pending", labels=labels)
    return kube


def names(answer) -> list[str]:
    code, body = answer
    assert code == 200, body
    return [o["metadata"]["name"] for o in body["items"]]


def test_items_of_a_built_in_kind_carry_no_kind_and_the_list_only_its_version(five: KubeDouble) -> None:
    _, body = ask(five, PODS)
    assert (body["kind"], body["apiVersion"], list(body["metadata"])) == ("PodList", "v1", ["resourceVersion"])
    assert all("kind" not in item and "apiVersion" not in item for item in body["items"])
    _, one = ask(five, f"{PODS}/p1")
    assert (one["kind"], one["apiVersion"]) == ("Pod", "v1")


def test_items_of_a_custom_kind_carry_theirs(kube: KubeDouble) -> None:
    kube.add({"apiVersion": "crd.k8s.amazonaws.com/v1alpha1", "kind": "ENIConfig", "metadata": {"name": "us-west-2a"}, "spec": {}})
    _, body = ask(kube, "/apis/crd.k8s.amazonaws.com/v1alpha1/eniconfigs")
    assert [(o["kind"], o["apiVersion"]) for o in body["items"]] == [("ENIConfig", "crd.k8s.amazonaws.com/v1alpha1")]


def test_what_is_in_no_namespace_stands_under_none(kube: KubeDouble) -> None:
    assert ask(kube, "/api/v1/namespaces/a/nodes")[0] == 404
    assert ask(kube, "/api/v1/namespaces/none/pods")[1]["items"] == []


# ---- selectors --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=a", "p0 p1"),
        ("app==a", "p0 p1"),
        ("app!=a", "p2 p3 p4"),
        ("app in (a, c)", "p0 p1"),
        ("app in (a,b),n notin (0,3)", "p1 p2 p4"),
        ("special", "p4"),
        ("!special", "p0 p1 p2 p3"),
        ("other!=x", "p0 p1 p2 p3 p4"),
        ("n>2", "p3 p4"),
        ("app=", ""),
        ("", "p0 p1 p2 p3 p4"),
    ],
)
def test_label_selectors_select(five: KubeDouble, selector: str, found: str) -> None:
    assert names(ask(five, PODS, labelSelector=selector)) == found.split()


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a b", "found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in (b", "found '', expected: ',' or ')'"),
        ("a,", "found '', expected: identifier after ','"),
        ("=a", "found '=', expected: identifier"),
    ],
)
def test_a_bad_label_selector_is_400_in_the_servers_words(five: KubeDouble, selector: str, text: str) -> None:
    code, told = message(ask(five, PODS, labelSelector=selector))
    assert code == 400
    assert told.endswith(text)


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        (f"spec.nodeName={NODE}", "p1 p2 p3 p4"),
        (f"spec.nodeName!={NODE}", "p0"),
        ("status.phase=Pending", "p0"),
        ("metadata.name=p3,metadata.namespace=kube-system", "p3"),
        ("metadata.name==p3,status.phase=Pending", ""),
    ],
)
def test_field_selectors_select(five: KubeDouble, selector: str, found: str) -> None:
    assert names(ask(five, PODS, fieldSelector=selector)) == found.split()


@pytest.mark.parametrize(
    ("path", "selector", "text"),
    [
        (PODS, "spec.foo=x", "field label not supported: spec.foo"),
        (PODS, "spec.nodeName", "invalid selector: 'spec.nodeName'; can't understand 'spec.nodeName'"),
        ("/apis/crd.k8s.amazonaws.com/v1alpha1/eniconfigs", "spec.subnet=x", "field label not supported: spec.subnet"),
    ],
)
def test_a_bad_field_selector_is_400_in_the_servers_words(five: KubeDouble, path: str, selector: str, text: str) -> None:
    code, told = message(ask(five, path, fieldSelector=selector))
    assert code == 400
    assert told.endswith(text)


def test_a_watch_checks_its_selectors_before_it_begins(five: KubeDouble) -> None:
    assert ask(five, PODS, watch="true", fieldSelector="spec.foo=x")[0] == 400


def test_events_are_found_by_what_they_are_about_in_both_of_their_shapes(five: KubeDouble) -> None:
    five.event("FailedCreatePodSandBox", "no IP", ("Pod", "p0", "kube-system"), count=3)
    five.event("Pulled", "image", ("Pod", "p1", "kube-system"), type="Normal")
    _, core = ask(five, "/api/v1/namespaces/kube-system/events", fieldSelector="involvedObject.kind=Pod,involvedObject.name=p0")
    assert [(e["reason"], e["message"], e["count"]) for e in core["items"]] == [("FailedCreatePodSandBox", "no IP", 3)]
    path = "/apis/events.k8s.io/v1/namespaces/kube-system/events"
    _, new = ask(five, path, fieldSelector="regarding.name=p0,type=Warning")
    assert [(e["reason"], e["note"], e["deprecatedCount"]) for e in new["items"]] == [("FailedCreatePodSandBox", "no IP", 3)]
    assert new["items"][0]["regarding"]["name"] == "p0"
    # As on a real cluster: the kubelet's events have none, and the official client's EventsV1Api stumbles over it.
    assert new["items"][0]["eventTime"] is None
    assert ask(five, path, fieldSelector="involvedObject.name=p0")[0] == 400


# ---- pages ------------------------------------------------------------------------------------------------------------
def decoded(token: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))


def encoded(version: int, start: str) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start})
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def test_pages_follow_one_another_and_count_what_is_left(five: KubeDouble) -> None:
    pages, query = [], {}
    while True:
        _, body = ask(five, PODS, limit=2, **query)
        pages.append((names((200, body)), body["metadata"].get("remainingItemCount")))
        if "continue" not in body["metadata"]:
            break
        query = {"continue_": body["metadata"]["continue"]}
    assert pages == [(["p0", "p1"], 3), (["p2", "p3"], 1), (["p4"], None)]


def test_a_token_holds_the_version_and_the_key_to_go_on_from(five: KubeDouble) -> None:
    meta = ask(five, PODS, limit=2)[1]["metadata"]
    assert "=" not in meta["continue"]
    assert decoded(meta["continue"]) == {"v": "meta.k8s.io/v1", "rv": int(meta["resourceVersion"]), "start": "p1\0"}
    everywhere = ask(five, "/api/v1/pods", limit=2)[1]["metadata"]
    assert decoded(everywhere["continue"])["start"] == "kube-system/p1\0"


def test_with_a_selector_nothing_is_said_of_what_remains_and_the_last_page_may_be_empty(five: KubeDouble) -> None:
    _, first = ask(five, PODS, limit=2, labelSelector="app=a")
    assert names((200, first)) == ["p0", "p1"]
    assert list(first["metadata"]) == ["resourceVersion", "continue"]
    _, second = ask(five, PODS, limit=2, labelSelector="app=a", continue_=first["metadata"]["continue"])
    assert (second["items"], "continue" in second["metadata"]) == ([], False)


def test_all_pages_show_the_cluster_as_it_was_at_the_first(five: KubeDouble) -> None:
    token = ask(five, PODS, limit=2)[1]["metadata"]["continue"]
    five.remove("Pod", "p3", "kube-system")
    five.pod("p9", "kube-system")
    assert names(ask(five, PODS, continue_=token)) == ["p2", "p3", "p4"]
    assert names(ask(five, PODS)) == ["p0", "p1", "p2", "p4", "p9"]


def test_after_compaction_a_token_is_410_with_a_fresh_one_for_the_rest(five: KubeDouble) -> None:
    token = ask(five, PODS, limit=2)[1]["metadata"]["continue"]
    five.remove("Pod", "p3", "kube-system")
    five.compact()
    code, body = ask(five, PODS, limit=2, continue_=token)
    assert (code, body["reason"]) == (410, "Expired")
    assert "inconsistent list" in body["message"]
    assert decoded(body["metadata"]["continue"]) == decoded(token) | {"rv": -1}
    assert names(ask(five, PODS, limit=2, continue_=body["metadata"]["continue"])) == ["p2", "p4"]


@pytest.mark.parametrize("token", ["rubbish", "e30", encoded(5, "")])
def test_a_bad_token_is_400(five: KubeDouble, token: str) -> None:
    code, told = message(ask(five, PODS, limit=2, continue_=token))
    assert code == 400
    assert told.startswith("invalid continue token: ")


def test_a_token_and_a_version_exclude_each_other(five: KubeDouble) -> None:
    meta = ask(five, PODS, limit=2)[1]["metadata"]
    answer = ask(five, PODS, limit=2, continue_=meta["continue"], resourceVersion=meta["resourceVersion"])
    assert message(answer) == (400, "specifying resource version is not allowed when using continue")


def test_a_list_from_the_cache_pays_no_heed_to_limit(five: KubeDouble) -> None:
    assert len(names(ask(five, PODS, limit=2, resourceVersion="0"))) == 5


def test_versions_of_the_future_time_out_and_those_of_the_past_are_gone_after_compaction(five: KubeDouble) -> None:
    version = ask(five, PODS)[1]["metadata"]["resourceVersion"]
    assert message(ask(five, PODS, resourceVersion="9999"))[0] == 504
    assert ask(five, PODS, resourceVersion="x")[0] == 400
    five.remove("Pod", "p0", "kube-system")
    assert len(names(ask(five, PODS, resourceVersion=version, resourceVersionMatch="Exact"))) == 5
    five.compact()
    assert message(ask(five, PODS, resourceVersion=version, resourceVersionMatch="Exact"))[0] == 410
