"""A double of an EKS cluster's Kubernetes API: real TLS, real tokens, the words of a real kube-apiserver.

    kube = KubeDouble().start()                  # or the fixture `kube` of tests.doubles.kube_fixtures
    kube.endpoint, kube.ca_data                  # what DescribeCluster hands out; kube.kubeconfig(path) for the other way in
    kube.node(NAME, INSTANCE_ID, ready="False")  # with its daemon pods; compute="auto", "fargate", "hybrid", "karpenter" ...
    kube.pod("web", node=NAME, waiting="CrashLoopBackOff", restarts=9)
    kube.event("FailedCreatePodSandBox", "...", ("Pod", "web", "default")); kube.log("default", "web", "app", ["..."])
    kube.add({...})                              # any object of any kind that is served
    kube.scenario_node("healthy-node-agent", "running", "upload")   # a node whose agent uploads that scenario's bundle
    kube.fail("list", "pods", 503, times=2)      # also reset_connection, cut_body, keep_silent, expire_pages
    kube.user("nobody", token="t")               # with Rules of RBAC
    kube.calls, kube.asked("list", "pods"), kube.writes()

Not there: tables (kubectl shows names and ages), OpenAPI (kubectl needs --validate=false), PUT, JSON and strategic patches.
"""

from .access import ADMIN, READER, Rule
from .double import ACCESS_KEY, ADMIN_TOKEN, ARN, CLUSTER, READER_TOKEN, REGION, SECRET_KEY, Call, KubeDouble
from .faults import FOREVER
from .pod_objects import PodState
from .store import Object
from .unreachable import unreachable_endpoint

__all__ = [
    "ACCESS_KEY",
    "ADMIN",
    "ADMIN_TOKEN",
    "ARN",
    "CLUSTER",
    "FOREVER",
    "READER",
    "READER_TOKEN",
    "REGION",
    "SECRET_KEY",
    "Call",
    "KubeDouble",
    "Object",
    "PodState",
    "Rule",
    "unreachable_endpoint",
]
