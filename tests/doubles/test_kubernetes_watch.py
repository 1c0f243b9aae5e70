"""Watches: what is there, what comes, what no longer fits, and what is forgotten."""

import queue
import threading

import pytest
from kubernetes import client, watch

from .kube_asking import api_client, ask, watched
from .kubernetes import KubeDouble

pytest_plugins = ["tests.doubles.kube_fixtures"]

PODS = "/api/v1/namespaces/default/pods"


def told(events) -> list[tuple[str, str]]:
    return [(word, obj["metadata"]["name"]) for word, obj in events]


def test_a_watch_without_a_version_begins_with_all_that_is_there_and_ends_in_time(kube: KubeDouble) -> None:
    kube.pod("a")
    kube.pod("b", namespace="other")
    assert told(watched(kube, PODS)) == [("ADDED", "a")]


def test_a_watch_from_a_version_tells_what_came_since(kube: KubeDouble) -> None:
    kube.pod("a")
    version = ask(kube, PODS)[1]["metadata"]["resourceVersion"]
    kube.pod("b")
    kube.pod("x", namespace="other")
    kube.pod("a", phase="Failed")
    kube.remove("Pod", "b")
    assert told(watched(kube, PODS, resourceVersion=version)) == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_what_no_longer_fits_the_selector_is_told_as_deleted(kube: KubeDouble) -> None:
    kube.pod("a")
    version = ask(kube, PODS)[1]["metadata"]["resourceVersion"]
    kube.pod("a", phase="Failed")
    kube.pod("a")
    events = watched(kube, PODS, resourceVersion=version, fieldSelector="status.phase=Running")
    assert told(events) == [("DELETED", "a"), ("ADDED", "a")]


def test_an_old_version_is_an_error_event_within_200(kube: KubeDouble) -> None:
    kube.pod("a")
    version = ask(kube, PODS)[1]["metadata"]["resourceVersion"]
    kube.compact()
    ((word, status),) = watched(kube, PODS, resourceVersion=version)
    assert (word, status["kind"], status["code"], status["reason"]) == ("ERROR", "Status", 410, "Expired")
    assert status["message"] == f"too old resource version: {version} ({kube.store.version})"


def test_a_bookmark_ends_a_watch_that_asked_for_one(kube: KubeDouble) -> None:
    *_, (word, obj) = watched(kube, PODS, allowWatchBookmarks="true")
    assert (word, obj["kind"], obj["metadata"]["resourceVersion"]) == ("BOOKMARK", "Pod", str(kube.store.version))


def test_changes_reach_an_open_watch_at_once(kube: KubeDouble) -> None:
    kube.pod("first")
    seen: queue.Queue[tuple[str, str]] = queue.Queue()

    def follow() -> None:
        api = client.CoreV1Api(api_client(kube))
        for event in watch.Watch().stream(api.list_namespaced_pod, "default", timeout_seconds=30):
            seen.put((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    thread = threading.Thread(target=follow)
    thread.start()
    assert seen.get(timeout=20) == ("ADDED", "first")
    kube.pod("second")
    assert seen.get(timeout=20) == ("ADDED", "second")
    kube.remove("Pod", "second")
    assert seen.get(timeout=20) == ("DELETED", "second")
    thread.join(timeout=20)


def test_the_official_watch_raises_410_for_an_old_version(kube: KubeDouble) -> None:
    kube.pod("a")
    kube.compact()
    api = client.CoreV1Api(api_client(kube))
    with pytest.raises(client.exceptions.ApiException) as caught:
        list(watch.Watch().stream(api.list_namespaced_pod, "default", resource_version="1", timeout_seconds=1))
    assert caught.value.status == 410
