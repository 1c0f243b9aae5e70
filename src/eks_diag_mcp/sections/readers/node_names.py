"""What the node and its cluster are called, by the node's own files."""

import re
from typing import TYPE_CHECKING

from .node_identity import Fact
from .tables import plain, rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_CLUSTER = re.compile(r"cluster/(?P<arn>[A-Za-z0-9][\w-]{0,99})\b|--cluster-name[ =\"',]+(?P<flag>[A-Za-z0-9][\w-]{0,99})\b")
_ARGUMENT = re.compile(r"^\s*-\s*[\"']?(?P<word>[\w=-]{1,120})[\"']?\s*$")
_BEFORE_NAME = frozenset({"-i", "--cluster-id", "--cluster-name"})


def host_name_of(bundle: "Bundle") -> Fact | None:
    """The host's name by uname -a: the node's name in the cluster, but where the node was told another."""
    for row in rows_of(bundle, "uname"):
        words = row.text.split()
        if len(words) >= 3 and words[0] == "Linux" and (name := plain(words[1], 253)):
            return Fact(name, row.ref)
    return None


def cluster_of(bundle: "Bundle") -> Fact | None:
    """The cluster's name by kubelet's kubeconfig: an ARN, or the argument of the token helper."""
    before = ""
    for row in rows_of(bundle, "kubeconfig"):
        if found := _CLUSTER.search(row.text):
            return Fact(found["arn"] or found["flag"], row.ref)
        word = _ARGUMENT.match(row.text)
        if word and before in _BEFORE_NAME:
            return Fact(word["word"], row.ref)
        before = word["word"] if word else ""
    return None
