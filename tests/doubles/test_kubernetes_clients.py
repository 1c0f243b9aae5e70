"""The clients that people use agree with the double: the official one in all its forms, kubectl, and a process of its own."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from kubernetes import aio, client, dynamic
from kubernetes import config as kube_config

from .kube_asking import KUBECTL, api_client, ask, kubectl
from .kubernetes import ACCESS_KEY, ARN, READER_TOKEN, SECRET_KEY, KubeDouble

pytest_plugins = ["tests.doubles.kube_fixtures"]

NODE = "ip-10-0-1-23.us-west-2.compute.internal"
DIAGNOSTIC = {
    "apiVersion": "eks.amazonaws.com/v1alpha1",
    "kind": "NodeDiagnostic",
    "metadata": {"name": NODE},
    "spec": {"logCapture": {"destination": "https://bucket/key"}},
}
OF = ("eks.amazonaws.com", "v1alpha1", "nodediagnostics")


@pytest.fixture
def cluster(kube: KubeDouble) -> KubeDouble:
    """One node with its daemons, and 25 web pods of which one loops."""
    kube.node(NODE, "i-0123456789abcdef0")
    for n in range(25):
        loops = {"waiting": "CrashLoopBackOff", "restarts": 9} if n == 7 else {}
        kube.pod(f"web-{n:02}", node=NODE, labels={"app": "web"}, **loops)
    return kube


# ---- the official client ------------------------------------------------------------------------------------------------
def test_the_client_pages_through_a_selected_list(cluster: KubeDouble) -> None:
    api, found, token = client.CoreV1Api(api_client(cluster)), [], None
    while True:
        page = api.list_namespaced_pod("default", label_selector="app=web", limit=10, _continue=token)
        found.append(len(page.items))
        token = page.metadata._continue
        if not token:
            break
    assert found == [10, 10, 5]
    assert [a.query["limit"] for a in cluster.asked("list", "pods")] == ["10", "10", "10"]


@pytest.mark.parametrize(
    ("token", "name", "kind"),
    [
        (READER_TOKEN, "none", client.exceptions.NotFoundException),
        ("stranger", "web-01", client.exceptions.UnauthorizedException),
        ("nobody", "web-01", client.exceptions.ForbiddenException),
    ],
)
def test_refusals_are_the_clients_typed_exceptions(cluster: KubeDouble, token: str, name: str, kind: type[Exception]) -> None:
    cluster.user("nobody", token="nobody")
    with pytest.raises(kind):
        client.CoreV1Api(api_client(cluster, token)).read_namespaced_pod(name, "default")


def test_custom_objects_live_and_die(cluster: KubeDouble) -> None:
    api = client.CustomObjectsApi(api_client(cluster))
    assert api.create_cluster_custom_object(*OF, DIAGNOSTIC)["metadata"]["generation"] == 1
    assert api.get_cluster_custom_object(*OF, NODE)["spec"]["logCapture"]["categories"] == ["All"]
    assert len(api.list_cluster_custom_object(*OF)["items"]) == 1
    assert api.delete_cluster_custom_object(*OF, NODE)["status"] == "Success"
    assert cluster.writes() == []


def test_the_dynamic_client_discovers_built_in_and_custom_kinds(cluster: KubeDouble, tmp_path: Path) -> None:
    api = dynamic.DynamicClient(api_client(cluster), cache_file=str(tmp_path / "discovery"))
    pods = api.resources.get(api_version="v1", kind="Pod").get(namespace="default", label_selector="app=web", limit=3)
    assert len(pods.items) == 3
    api.resources.get(api_version="eks.amazonaws.com/v1alpha1", kind="NodeDiagnostic").create(body=DIAGNOSTIC)
    assert cluster.get("NodeDiagnostic", NODE)


def test_the_asynchronous_client_reads_as_well(cluster: KubeDouble) -> None:
    async def names() -> int:
        settings = aio.client.Configuration()
        settings.host, settings.ca_cert_data = cluster.endpoint, cluster.ca_pem
        settings.api_key = {"BearerToken": f"Bearer {READER_TOKEN}"}
        async with aio.client.ApiClient(settings) as api:
            return len((await aio.client.CoreV1Api(api).list_namespaced_pod("default")).items)

    assert asyncio.run(names()) == 25


def test_a_kubeconfig_leads_the_client_there(cluster: KubeDouble, tmp_path: Path) -> None:
    path = cluster.kubeconfig(tmp_path / "config")
    api = client.CoreV1Api(kube_config.new_client_from_config(str(path)))
    assert api.read_node(NODE).metadata.name == NODE
    assert path.stat().st_mode & 0o077 == 0


def test_a_process_of_its_own_reaches_the_double(cluster: KubeDouble, tmp_path: Path) -> None:
    path = cluster.kubeconfig(tmp_path / "config")
    code = (
        "import sys; from kubernetes import client, config; config.load_kube_config(sys.argv[1]);"
        "print(len(client.CoreV1Api().list_namespaced_pod('default').items))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "25"
    assert cluster.calls == [("list", "/api/v1/namespaces/default/pods", "reader")]


# ---- kubectl ------------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(KUBECTL is None, reason="no kubectl on PATH")
class TestKubectl:
    """The real program. It shows plain name lists: the double sends objects, not tables."""

    def test_it_reads_lists_in_chunks(self, cluster: KubeDouble, tmp_path: Path) -> None:
        run = kubectl(cluster, tmp_path, "get", "pods", "-l", "app=web", "--chunk-size=10", "-o", "name")
        assert run.stdout.split() == [f"pod/web-{n:02}" for n in range(25)], run.stderr
        assert [a.query.get("limit") for a in cluster.asked("list", "pods")] == ["10", "10", "10"]

    def test_it_sees_the_same_objects_as_a_bare_request(self, cluster: KubeDouble, tmp_path: Path) -> None:
        run = kubectl(cluster, tmp_path, "get", "pod", "web-07", "-o", "json")
        assert json.loads(run.stdout) == ask(cluster, "/api/v1/namespaces/default/pods/web-07")[1]

    def test_it_knows_the_version_and_short_names(self, cluster: KubeDouble, tmp_path: Path) -> None:
        assert f"Server Version: {cluster.version}" in kubectl(cluster, tmp_path, "version").stdout
        assert NODE in kubectl(cluster, tmp_path, "get", "no").stdout
        assert "us-west-2" in kubectl(cluster, tmp_path, "get", "ds,cm,svc,no", "-A").stdout

    def test_it_describes_a_node_with_its_conditions_pods_and_events(self, cluster: KubeDouble, tmp_path: Path) -> None:
        cluster.event("NodeNotReady", "no word from it", ("Node", NODE), component="node-controller")
        shown = kubectl(cluster, tmp_path, "describe", "node", NODE).stdout
        for word in ("KubeletHasSufficientMemory", "web-24", "aws-node-", "NodeNotReady"):
            assert word in shown

    def test_it_shows_logs_and_their_refusals(self, cluster: KubeDouble, tmp_path: Path) -> None:
        cluster.log("default", "web-01", "app", ["one", "two"])
        assert kubectl(cluster, tmp_path, "logs", "web-01", "--tail=1").stdout == "two\n"
        refused = kubectl(cluster, tmp_path, "logs", "web-01", "-p").stderr
        assert 'previous terminated container "app" in pod "web-01" not found' in refused

    def test_it_asks_what_it_may_do(self, cluster: KubeDouble, tmp_path: Path) -> None:
        assert kubectl(cluster, tmp_path, "auth", "can-i", "list", "pods").stdout == "yes\n"
        assert kubectl(cluster, tmp_path, "auth", "can-i", "delete", "pods").stdout == "no\n"
        assert kubectl(cluster, tmp_path, "auth", "can-i", "get", "pods", "--subresource=log").stdout == "yes\n"
        assert "reader" in kubectl(cluster, tmp_path, "auth", "whoami").stdout

    def test_it_tells_refusals_in_the_servers_words(self, cluster: KubeDouble, tmp_path: Path) -> None:
        told = kubectl(cluster, tmp_path, "delete", "pod", "web-01").stderr
        assert 'Error from server (Forbidden): pods "web-01" is forbidden: User "reader" cannot delete' in told
        assert 'pods "none" not found' in kubectl(cluster, tmp_path, "get", "pod", "none").stderr
        assert (
            "field label not supported: spec.foo"
            in kubectl(cluster, tmp_path, "get", "no", "--field-selector", "spec.foo=1").stderr
        )
        assert "Unauthorized" in kubectl(cluster, tmp_path, "get", "no", token="stranger").stderr

    def test_it_creates_reads_and_deletes_a_node_diagnostic(self, cluster: KubeDouble, tmp_path: Path) -> None:
        (tmp_path / "it.json").write_text(json.dumps(DIAGNOSTIC))
        made = kubectl(cluster, tmp_path, "create", "--validate=false", "-f", str(tmp_path / "it.json"))
        assert made.stdout == f"nodediagnostic.eks.amazonaws.com/{NODE} created\n", made.stderr
        assert NODE in kubectl(cluster, tmp_path, "get", "nodediagnostics").stdout
        gone = kubectl(cluster, tmp_path, "delete", "nodediagnostic", NODE)
        assert f'nodediagnostic.eks.amazonaws.com "{NODE}" deleted' in gone.stdout, gone.stderr

    def test_it_signs_in_with_a_token_of_the_real_aws_cli(self, cluster: KubeDouble, tmp_path: Path) -> None:
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_EC2_METADATA_DISABLED": "true"}
        path = cluster.exec_kubeconfig(tmp_path / "config", Path(sys.executable).parent / "aws", keys)
        command = [str(KUBECTL), "--kubeconfig", str(path), "get", "node", NODE, "-o", "name"]
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        )
        assert run.stdout == f"node/{NODE}\n", run.stderr
        assert {call.user for call in cluster.calls} == {ARN}

    def test_it_follows_a_watch(self, cluster: KubeDouble, tmp_path: Path) -> None:
        run = kubectl(cluster, tmp_path, "wait", "--for=jsonpath={.status.phase}=Running", "pod/web-01", "--timeout=20s")
        assert run.stdout == "pod/web-01 condition met\n", run.stderr
