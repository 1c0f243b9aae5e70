"""Collecting by the node's own agent: a NodeDiagnostic object, a presigned upload, and nothing left behind."""

from datetime import UTC, datetime, timedelta

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.collect.model import Ask
from eks_diag_mcp.intake import Standing

from .. import scenarios
from ..doubles.kubernetes import KubeDouble, unreachable_endpoint
from .conftest import CLUSTER, Site

SCENARIO = "healthy-node-agent"


def begin(site: Site, cluster: KubeDouble, *script: str, **how: object) -> tuple[str, str]:
    """(instance, execution id) of a node whose agent goes through that script."""
    node = site.node(SCENARIO, ssm="absent")
    cluster.scenario_node(SCENARIO, *script, **how)
    found = site.app().intake.start("node", Ask(node))
    assert found.state == "working", found
    return node, found.collection.execution_id


def later(site: Site, execution_id: str, **how: float) -> Standing:
    """The first look of a server whose clock is ahead."""
    settings = site.app().settings
    return App(settings, wall=lambda: datetime.now(UTC) + timedelta(**how)).intake.follow(execution_id, 0)


def test_a_collection_ends_in_findings_and_the_object_is_gone(site: Site, cluster: KubeDouble) -> None:
    node, execution = begin(site, cluster)
    found = site.to_the_end(execution)
    assert (found.state, found.collection.instance_id) == ("completed", node)
    bundle = site.app().library.bundle(node)
    assert scenarios.load(SCENARIO).node.node_name in bundle.manifest.aliases
    assert bundle.manifest.provenance["cluster"] == CLUSTER
    assert cluster.get("NodeDiagnostic", scenarios.load(SCENARIO).node.node_name) is None
    assert cluster.writes() == [], "it makes and removes that object and nothing else"


def test_a_node_can_be_named_instead_of_its_instance(site: Site, cluster: KubeDouble) -> None:
    node = site.node(SCENARIO, ssm="absent")
    cluster.scenario_node(SCENARIO)
    name = scenarios.load(SCENARIO).node.node_name
    found = site.app().intake.start("node", Ask(name, cluster=CLUSTER))
    assert found.collection.instance_id == node
    assert site.to_the_end(found.collection.execution_id).state == "completed"


def test_the_upload_link_never_shows(site: Site, cluster: KubeDouble) -> None:
    _, execution = begin(site, cluster, "running", "upload-failed")
    link = cluster.get("NodeDiagnostic", scenarios.load(SCENARIO).node.node_name)["spec"]["logCapture"]["destination"]
    assert "X-Amz-Signature" in link and "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link, "SigV4, as SSE-KMS needs"
    found = site.to_the_end(execution)
    assert found.state == "failed" and "5 seconds" in found.message
    assert "X-Amz" not in repr(found) and "[link]" in found.collection.text


@pytest.mark.parametrize(
    ("step", "says"), [("collection-failed", "root disk"), ("timed-out", "hangs on a disk"), ("blocked", "hangs on a disk")]
)
def test_what_the_agent_says_went_wrong_becomes_a_remedy(site: Site, cluster: KubeDouble, step: str, says: str) -> None:
    _, execution = begin(site, cluster, "running", step)
    found = site.to_the_end(execution)
    assert found.state == "failed" and says in found.message
    assert cluster.get("NodeDiagnostic", scenarios.load(SCENARIO).node.node_name) is None, "a restarted agent must not run it again"


def test_a_success_with_errors_is_a_bundle(site: Site, cluster: KubeDouble) -> None:
    _, execution = begin(site, cluster, "running", "upload-with-errors")
    assert site.to_the_end(execution).state == "completed"


def test_a_success_that_flips_to_failure_stays_a_success(site: Site, cluster: KubeDouble) -> None:
    node, execution = begin(site, cluster)
    name = scenarios.load(SCENARIO).node.node_name
    cluster.agents.look(name, steps=2)
    cluster.agents.restart(name, "upload-failed")
    cluster.agents.look(name)
    assert site.to_the_end(execution).state == "completed" and site.app().library.bundle(node)


def test_an_agent_that_never_answers_is_told_and_given_up_in_the_end(site: Site, cluster: KubeDouble) -> None:
    _, execution = begin(site, cluster, "nothing")
    assert later(site, execution, minutes=3).message.startswith("the node's agent has not taken it up")
    ended = later(site, execution, minutes=40)
    assert ended.state == "failed" and "never took it up" in ended.message
    assert cluster.asked("delete", "nodediagnostics")


def test_a_run_that_is_stuck_is_given_up_in_the_end(site: Site, cluster: KubeDouble) -> None:
    _, execution = begin(site, cluster, "running", "nothing")
    assert later(site, execution, minutes=5).state == "working"
    ended = later(site, execution, minutes=40)
    assert ended.state == "failed" and "is stuck" in ended.message


def test_asked_twice_it_is_one_run(site: Site, cluster: KubeDouble) -> None:
    node, execution = begin(site, cluster, "running", "nothing")
    again = site.app().intake.start("node", Ask(node))
    assert again.collection.execution_id == execution and again.collection.found_running
    assert len(cluster.asked("create", "nodediagnostics")) == 1


def test_somebody_elses_diagnostic_is_left_alone(site: Site, cluster: KubeDouble, refusal) -> None:
    node = site.node(SCENARIO, ssm="absent")
    cluster.scenario_node(SCENARIO)
    name = scenarios.load(SCENARIO).node.node_name
    cluster.add(
        {
            "apiVersion": "eks.amazonaws.com/v1alpha1",
            "kind": "NodeDiagnostic",
            "metadata": {"name": name},
            "spec": {"logCapture": {"destination": "node"}},
        }
    )
    assert "Somebody else's" in refusal(lambda: site.app().intake.start("node", Ask(node)))
    assert cluster.get("NodeDiagnostic", name) is not None


def test_a_cluster_without_the_resource_names_the_addon(site: Site, cluster: KubeDouble, refusal) -> None:
    node = site.node(SCENARIO, ssm="absent")
    cluster.scenario_node(SCENARIO)
    cluster.without_crd("nodediagnostics")
    assert "eks-node-monitoring-agent" in refusal(lambda: site.app().intake.start("node", Ask(node)))


@pytest.mark.parametrize(("code", "says"), [(401, "access entry"), (403, "get nodes"), (500, "failed to answer"), (429, "for now")])
def test_a_cluster_that_refuses_is_told_as_what_it_is(site: Site, cluster: KubeDouble, code: int, says: str, refusal) -> None:
    node = site.node(SCENARIO, ssm="absent")
    cluster.scenario_node(SCENARIO)
    cluster.fail("*", "nodes", code, times=9)
    assert says in refusal(lambda: site.app().intake.start("node", Ask(node)))


def test_a_principal_without_rights_is_told_the_verb_and_the_resource(site: Site, cluster: KubeDouble, refusal) -> None:
    from ..doubles.kubernetes import ARN, Rule

    node = site.node(SCENARIO, ssm="absent")
    cluster.scenario_node(SCENARIO)
    cluster.user("narrow", Rule(("get", "list"), ("",), ("nodes",)), arn=ARN)
    assert "nodediagnostics.eks.amazonaws.com" in refusal(lambda: site.app().intake.start("node", Ask(node)))


def test_a_private_endpoint_is_a_time_out_that_says_so(site: Site, cluster: KubeDouble, refusal) -> None:
    node = site.node(SCENARIO, ssm="absent")
    with unreachable_endpoint() as endpoint:
        site.aws.world.cluster(CLUSTER, endpoint=endpoint, certificateAuthority={"data": cluster.ca_data})
        assert "private" in refusal(lambda: site.app().intake.start("node", Ask(node)))


def test_the_token_goes_to_no_other_host(site: Site, cluster: KubeDouble, refusal) -> None:
    node = site.node(SCENARIO, ssm="absent")
    for endpoint in ("https://api.example.com", "http://127.0.0.1:1"):
        site.aws.world.cluster(CLUSTER, endpoint=endpoint, certificateAuthority={"data": cluster.ca_data})
        assert "no token is sent there" in refusal(lambda: site.app().intake.start("node", Ask(node)))
