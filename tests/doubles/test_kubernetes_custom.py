"""NodeDiagnostic as a custom resource: what a real kube-apiserver did with it, fact by fact."""

from typing import Any

import pytest
from kubernetes import client

from .kube_asking import MERGE, api_client, ask, message
from .kubernetes import ADMIN_TOKEN, READER_TOKEN, KubeDouble

pytest_plugins = ["tests.doubles.kube_fixtures"]

PATH = "/apis/eks.amazonaws.com/v1alpha1/nodediagnostics"
URL = "https://bucket.s3.us-west-2.amazonaws.com/key?X-Amz-Signature=abc"


def diagnostic(name: str = "n1", **capture: Any) -> dict[str, Any]:
    spec = {"logCapture": {"destination": URL, **capture}}
    return {"apiVersion": "eks.amazonaws.com/v1alpha1", "kind": "NodeDiagnostic", "metadata": {"name": name}, "spec": spec}


def test_creating_is_201_with_the_defaults_filled_in(kube: KubeDouble) -> None:
    code, body = ask(kube, PATH, READER_TOKEN, "POST", diagnostic())
    assert code == 201
    assert body["metadata"]["generation"] == 1
    assert body["spec"] == {"logCapture": {"destination": URL, "categories": ["All"]}}
    assert "status" not in body


def test_unknown_fields_are_pruned_without_a_word(kube: KubeDouble) -> None:
    code, body = ask(kube, PATH, READER_TOKEN, "POST", diagnostic(compress=True))
    assert (code, list(body["spec"]["logCapture"])) == (201, ["destination", "categories"])


def test_one_who_creates_cannot_set_the_status(kube: KubeDouble) -> None:
    assert "status" not in ask(kube, PATH, READER_TOKEN, "POST", diagnostic() | {"status": {"captureStatuses": []}})[1]


def test_a_second_one_of_the_same_name_is_409(kube: KubeDouble) -> None:
    ask(kube, PATH, READER_TOKEN, "POST", diagnostic())
    code, body = ask(kube, PATH, READER_TOKEN, "POST", diagnostic())
    assert (code, body["reason"]) == (409, "AlreadyExists")
    assert body["message"] == 'nodediagnostics.eks.amazonaws.com "n1" already exists'


def test_a_bad_category_is_422_and_names_the_field_without_an_index(kube: KubeDouble) -> None:
    code, body = ask(kube, PATH, READER_TOKEN, "POST", diagnostic(categories=["Base", "Zip"]))
    allowed = '"Base", "Device", "Networking", "Runtime", "System", "All"'
    fault = f'Unsupported value: "Zip": supported values: {allowed}'
    assert code == 422
    assert body["message"] == f'NodeDiagnostic.eks.amazonaws.com "n1" is invalid: spec.logCapture.categories: {fault}'
    cause = {"reason": "FieldValueNotSupported", "message": fault, "field": "spec.logCapture.categories"}
    assert body["details"] == {"name": "n1", "group": "eks.amazonaws.com", "kind": "NodeDiagnostic", "causes": [cause]}


def test_a_missing_destination_is_422(kube: KubeDouble) -> None:
    body = diagnostic()
    del body["spec"]["logCapture"]["destination"]
    code, told = message(ask(kube, PATH, READER_TOKEN, "POST", body))
    assert (code, told.rpartition("is invalid: ")[2]) == (422, "spec.logCapture.destination: Required value")


@pytest.mark.parametrize(
    ("capture", "text"),
    [
        ({"duration": "5x"}, "spec.packetCapture.duration in body should match '^\\d+[smh]$'"),
        ({"duration": "5m", "chunkSizeMB": 101}, "spec.packetCapture.chunkSizeMB in body should be less than or equal to 100"),
        ({"duration": "5m", "chunkSizeMB": "9"}, 'spec.packetCapture.chunkSizeMB in body must be of type integer: "string"'),
    ],
)
def test_numbers_and_patterns_are_checked(kube: KubeDouble, capture: dict[str, Any], text: str) -> None:
    body = diagnostic()
    body["spec"] = {"packetCapture": {"upload": {"url": "https://x", "fields": {"a": "b"}}} | capture}
    code, told = message(ask(kube, PATH, READER_TOKEN, "POST", body))
    assert code == 422
    assert told.endswith(text)


def test_several_faults_are_told_together(kube: KubeDouble) -> None:
    body = diagnostic(name="", categories=["Zip"])
    told = message(ask(kube, PATH, READER_TOKEN, "POST", body))[1]
    assert "[metadata.name: Required value: name or generateName is required, spec.logCapture.categories: " in told


def test_bodies_of_another_kind_and_no_bodies_are_400(kube: KubeDouble) -> None:
    assert ask(kube, PATH, READER_TOKEN, "POST", diagnostic() | {"kind": "Pod"})[0] == 400
    assert ask(kube, PATH, READER_TOKEN, "POST")[0] == 400


def test_a_dry_run_checks_and_stores_nothing(kube: KubeDouble) -> None:
    assert ask(kube, PATH, READER_TOKEN, "POST", diagnostic(), dryRun="All")[0] == 201
    assert ask(kube, f"{PATH}/n1", READER_TOKEN)[0] == 404


def test_the_reader_cannot_patch_the_status(kube: KubeDouble) -> None:
    ask(kube, PATH, READER_TOKEN, "POST", diagnostic())
    code, told = message(ask(kube, f"{PATH}/n1/status", READER_TOKEN, "PATCH", {"status": {}}, MERGE))
    assert code == 403
    assert 'cannot patch resource "nodediagnostics/status" in API group "eks.amazonaws.com" at the cluster scope' in told


def test_a_status_patch_with_running_null_stores_completed_alone_and_keeps_the_generation(kube: KubeDouble) -> None:
    ask(kube, PATH, READER_TOKEN, "POST", diagnostic())
    at = "2026-01-01T00:00:00Z"
    completed = {"reason": "Success", "message": "", "startedAt": at, "finishedAt": at}
    for state in ({"running": {"startedAt": at}}, {"running": None, "completed": completed}):
        patch = {
            "spec": {"logCapture": {"destination": "elsewhere"}},
            "status": {"captureStatuses": [{"type": "Log", "state": state}]},
        }
        code, body = ask(kube, f"{PATH}/n1/status", ADMIN_TOKEN, "PATCH", patch, MERGE)
        assert code == 200
    assert body["status"]["captureStatuses"] == [{"type": "Log", "state": {"completed": completed}}]
    assert body["metadata"]["generation"] == 1
    assert body["spec"]["logCapture"]["destination"] == URL


def test_a_patch_of_the_spec_counts_the_generation_and_leaves_the_status(kube: KubeDouble) -> None:
    ask(kube, PATH, READER_TOKEN, "POST", diagnostic())
    ask(kube, f"{PATH}/n1/status", ADMIN_TOKEN, "PATCH", {"status": {"conditions": []}}, MERGE)
    patch = {"spec": {"logCapture": {"categories": ["Base"]}}, "status": None}
    body = ask(kube, f"{PATH}/n1", ADMIN_TOKEN, "PATCH", patch, MERGE)[1]
    assert (body["metadata"]["generation"], body["status"]) == (2, {"conditions": []})
    assert ask(kube, f"{PATH}/n1", ADMIN_TOKEN, "PATCH", patch)[0] == 415
    assert ask(kube, f"{PATH}/n1", ADMIN_TOKEN, "PUT", diagnostic())[0] == 405


def test_deleting_answers_success_with_the_uid_and_then_404(kube: KubeDouble) -> None:
    uid = ask(kube, PATH, READER_TOKEN, "POST", diagnostic())[1]["metadata"]["uid"]
    code, body = ask(kube, f"{PATH}/n1", READER_TOKEN, "DELETE")
    assert (code, body["kind"], body["status"]) == (200, "Status", "Success")
    assert body["details"] == {"name": "n1", "group": "eks.amazonaws.com", "kind": "nodediagnostics", "uid": uid}
    again = ask(kube, f"{PATH}/n1", READER_TOKEN, "DELETE")
    assert message(again) == (404, 'nodediagnostics.eks.amazonaws.com "n1" not found')


def test_deleting_by_uid_spares_an_object_that_was_made_anew(kube: KubeDouble) -> None:
    uid = ask(kube, PATH, READER_TOKEN, "POST", diagnostic())[1]["metadata"]["uid"]
    kube.remove("NodeDiagnostic", "n1")
    ask(kube, PATH, READER_TOKEN, "POST", diagnostic())
    code, told = message(ask(kube, f"{PATH}/n1", READER_TOKEN, "DELETE", {"preconditions": {"uid": uid}}))
    assert code == 409
    assert "does not match the UID in record" in told
    assert kube.get("NodeDiagnostic", "n1")


def test_without_the_crd_its_group_is_a_plain_404_page(kube: KubeDouble) -> None:
    kube.without_crd("nodediagnostics")
    assert ask(kube, PATH, READER_TOKEN) == (404, "404 page not found\n")
    assert ask(kube, PATH, READER_TOKEN, "POST", diagnostic()) == (404, "404 page not found\n")
    assert "eks.amazonaws.com" not in {g["name"] for g in ask(kube, "/apis")[1]["groups"]}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (diagnostic("taken"), client.exceptions.ConflictException),
        (diagnostic("new", categories=["Zip"]), client.exceptions.UnprocessableEntityException),
        (diagnostic("new") | {"kind": "Pod"}, client.exceptions.BadRequestException),
    ],
)
def test_the_official_client_has_an_exception_for_each_refusal(
    kube: KubeDouble, body: dict[str, Any], kind: type[Exception]
) -> None:
    api = client.CustomObjectsApi(api_client(kube))
    api.create_cluster_custom_object("eks.amazonaws.com", "v1alpha1", "nodediagnostics", diagnostic("taken"))
    with pytest.raises(kind):
        api.create_cluster_custom_object("eks.amazonaws.com", "v1alpha1", "nodediagnostics", body)
