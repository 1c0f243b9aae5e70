"""A double of an EKS cluster's Kubernetes API. `KubeDouble` is all that tests need to know."""

from .access import ADMIN, READER, Rule
from .double import ACCESS_KEY, ADMIN_TOKEN, ARN, CLUSTER, READER_TOKEN, REGION, SECRET_KEY, Call, KubeDouble
from .pod_objects import PodState
from .store import Object
from .unreachable import unreachable_endpoint

__all__ = [
    "ACCESS_KEY",
    "ADMIN",
    "ADMIN_TOKEN",
    "ARN",
    "CLUSTER",
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
