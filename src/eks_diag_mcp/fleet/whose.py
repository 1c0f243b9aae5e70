"""Which cluster a bundle is of, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..sections.readers.node_names import cluster_of as told_by_kubelet

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

Teller = Literal["collector", "ledger", "node", "nobody"]


@dataclass(frozen=True, slots=True)
class Whose:
    """A cluster's name. `teller`: the collector or the ledger, which checked it against the cluster or the instance's tags;
    or the node's own kubeconfig, which whoever writes on the node can write. That is enough to sort bundles, never to show
    one to somebody: who may see what is decided in confined.py by the first two."""

    cluster: str | None
    teller: Teller


NOBODYS = Whose(None, "nobody")


def proven(bundle: "Bundle", ledger: Mapping[str, str]) -> Whose | None:
    """The cluster that was checked. `ledger`: cluster by digest of a collection's bundle."""
    if told := bundle.manifest.provenance.get("cluster"):
        return Whose(told, "collector")
    return in_ledger(bundle.digest, ledger)


def in_ledger(digest: str, ledger: Mapping[str, str]) -> Whose | None:
    """The cluster that the collection of that bundle was checked for."""
    return Whose(ledger[digest], "ledger") if digest in ledger else None


def whose(bundle: "Bundle", ledger: Mapping[str, str]) -> Whose:
    """The cluster that was checked, else the one that the node's kubeconfig names (one small file is read for that)."""
    if found := proven(bundle, ledger):
        return found
    told = told_by_kubelet(bundle)
    return Whose(told.value, "node") if told else NOBODYS
