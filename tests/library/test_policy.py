"""What deploy/ allows a server on its library's bucket is what it asks for there: no less, and no more."""

from pathlib import Path
from typing import Any

import yaml

from eks_diag_mcp.bundle.holdings import holdings
from eks_diag_mcp.cloud.aws_faults import IAM_ACTION
from eks_diag_mcp.housekeeping import Housekeeping

from ..bundle.conftest import hits
from ..doubles.aws import CALLER
from .conftest import NODE, Cloud
from .test_bucket import admit, found

TEMPLATE = Path(__file__).parents[2] / "deploy" / "cloudformation.yaml"


class _Tags(yaml.SafeLoader):
    """CloudFormation's short functions as their plain values."""


_Tags.add_multi_constructor("!", lambda _loader, _tag, node: getattr(node, "value", None))


def allowed() -> set[str]:
    resources: dict[str, Any] = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader=_Tags)["Resources"]
    told = [s["Action"] for s in resources["LibraryPolicy"]["Properties"]["PolicyDocument"]["Statement"]]
    return {action for one in told for action in ([one] if isinstance(one, str) else one)}


def test_the_librarys_policy_allows_every_call_of_a_bundles_life_and_no_other(cloud: Cloud, archive: Path) -> None:
    library = cloud.library()
    admit(library, archive, alias="node-a")
    [bundle] = library.bundles("node-a")
    assert found(bundle, "needle") and hits(bundle)
    bundle.keep_beside("facts.json", "{}")
    library.reindex(bundle)
    library.sweep(3600, 0)
    Housekeeping(library).purge(holdings(library, NODE))
    assert cloud.names() == []
    assert {IAM_ACTION.get(c.name, c.name) for c in cloud.aws.calls if c.actor == CALLER} == {
        action for action in allowed() if action.startswith("s3:")
    }


def test_the_librarys_bucket_forgets_nothing_by_itself() -> None:
    resources: dict[str, Any] = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader=_Tags)["Resources"]
    assert "LifecycleConfiguration" not in resources["LibraryBucket"]["Properties"]
