"""What EKS says of a cluster and what hangs on it: node groups, add-ons, insights, access entries, pod identities.

EKS's own words stand as they are; account numbers are taken out, tags are left out (anybody may write them)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ..cloud.aws import Aws
from ..cloud.clusters import ClusterRef
from ..cloud.eks_cluster import describe_cluster
from ..errors import NotThere
from .reading import Document, arn_name, moment, part, parts, text, without_accounts

ResourceType = Literal["cluster", "nodegroup", "addon", "insight", "accessentry", "podidentity"]
_MOST = 100


@dataclass(frozen=True, slots=True)
class HealthIssue:
    """A fault that EKS itself names. `text` is EKS's message, which may quote users' names."""

    code: str
    text: str
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EksResource:
    """One resource, or None where there is none of that name. `known` are the names of those there are."""

    type: ResourceType
    name: str
    found: bool
    status: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    issues: tuple[HealthIssue, ...] = ()
    known: tuple[str, ...] = ()
    text: str = ""
    """What users wrote: an add-on's configuration values."""


@dataclass(frozen=True, slots=True)
class _Type:
    """How a type of resource is listed and described."""

    list: str
    list_key: str
    describe: str
    describe_key: str
    argument: str


_TYPES: Mapping[str, _Type] = {
    "nodegroup": _Type("list_nodegroups", "nodegroups", "describe_nodegroup", "nodegroup", "nodegroupName"),
    "addon": _Type("list_addons", "addons", "describe_addon", "addon", "addonName"),
    "insight": _Type("list_insights", "insights", "describe_insight", "insight", "id"),
    "accessentry": _Type("list_access_entries", "accessEntries", "describe_access_entry", "accessEntry", "principalArn"),
    "podidentity": _Type(
        "list_pod_identity_associations", "associations", "describe_pod_identity_association", "association", "associationId"
    ),
}


def describe(aws: Aws, ref: ClusterRef, type_: ResourceType, name: str | None) -> EksResource:
    """The resource of that name. "Not found" is an answer, with the names that there are."""
    if type_ == "cluster":
        return _resource("cluster", ref.name, describe_cluster(aws, ref.name, ref.region))
    how, known = _TYPES[type_], names(aws, ref, type_)
    wanted = _meant(name or "", known)
    listed = tuple(known)
    if wanted is None:
        return EksResource(type_, name or "", False, known=listed)
    try:
        answer = aws.call("eks", how.describe, ref.region, clusterName=ref.name, **{how.argument: known[wanted]})
    except NotThere:
        return EksResource(type_, wanted, False, known=listed)
    return _resource(type_, wanted, answer[how.describe_key])


def names(aws: Aws, ref: ClusterRef, type_: ResourceType) -> dict[str, str]:
    """The resources of a type: the name that people use -> what EKS calls it by."""
    how = _TYPES[type_]
    try:
        items = list(aws.pages("eks", how.list, ref.region, how.list_key, most=_MOST, clusterName=ref.name))
    except NotThere:
        describe_cluster(aws, ref.name, ref.region)  # it is the cluster that is not there: this says so, and names those that are
        raise
    return dict(_named(type_, item) for item in items)


def _named(type_: ResourceType, item: Any) -> tuple[str, str]:
    if type_ == "accessentry":
        return arn_name(str(item)), str(item)
    if type_ == "insight":
        return text(item, "name"), text(item, "id")
    if type_ == "podidentity":
        return f"{text(item, 'namespace')}/{text(item, 'serviceAccount')}", text(item, "associationId")
    return str(item), str(item)


def _meant(name: str, known: Mapping[str, str]) -> str | None:
    """The known name that is meant: exactly, by its id, or as the last part of it (a role's name without its path)."""
    folded = name.strip().casefold()
    exact = [k for k, id_ in known.items() if folded in (k.casefold(), id_.casefold(), arn_name(id_).casefold())]
    ends = [k for k in known if folded and k.casefold().endswith("/" + folded)]
    return next(iter(exact or (ends if len(ends) == 1 else [])), None)


def _resource(type_: ResourceType, name: str, found: Document) -> EksResource:
    return EksResource(
        type_,
        name,
        True,
        status=text(found, "status") or text(part(found, "insightStatus"), "status"),
        properties=_PROPERTIES[type_](found),
        issues=health_issues(found),
        text=text(found, "configurationValues"),
    )


def health_issues(found: Document) -> tuple[HealthIssue, ...]:
    """`health.issues` of a cluster, node group or add-on."""
    return tuple(
        HealthIssue(
            text(issue, "code"),
            without_accounts(text(issue, "message")),
            tuple(arn_name(str(r)) for r in (issue.get("resourceIds") or ())[:20]),
        )
        for issue in parts(found, "health", "issues")
    )


# ---- what is worth knowing of each ------------------------------------------------------------------------------------
def _cluster(found: Document) -> dict[str, Any]:
    vpc, network, auto = part(found, "resourcesVpcConfig"), part(found, "kubernetesNetworkConfig"), part(found, "computeConfig")
    logs = [t for group in parts(found, "logging", "clusterLogging") if group.get("enabled") for t in group.get("types") or ()]
    return _kept(
        version=found.get("version"),
        platform_version=found.get("platformVersion"),
        created=found.get("createdAt"),
        authentication_mode=part(found, "accessConfig").get("authenticationMode"),
        auto_mode=auto.get("enabled"),
        node_pools=auto.get("nodePools"),
        endpoint_public=vpc.get("endpointPublicAccess"),
        endpoint_private=vpc.get("endpointPrivateAccess"),
        public_access_cidrs=vpc.get("publicAccessCidrs"),
        vpc=vpc.get("vpcId"),
        subnets=vpc.get("subnetIds"),
        security_groups=[*(vpc.get("securityGroupIds") or ()), vpc.get("clusterSecurityGroupId")],
        service_cidr=network.get("serviceIpv4Cidr") or network.get("serviceIpv6Cidr"),
        ip_family=network.get("ipFamily"),
        control_plane_logs=logs or "off",
        support=part(found, "upgradePolicy").get("supportType"),
        role=found.get("roleArn"),
    )


def _nodegroup(found: Document) -> dict[str, Any]:
    groups = [g.get("name") for g in parts(found, "resources", "autoScalingGroups")]
    return _kept(
        version=found.get("version"),
        release=found.get("releaseVersion"),
        ami_type=found.get("amiType"),
        capacity_type=found.get("capacityType"),
        instance_types=found.get("instanceTypes"),
        scaling=dict(part(found, "scalingConfig")),
        update=dict(part(found, "updateConfig")),
        repair=part(found, "nodeRepairConfig").get("enabled"),
        subnets=found.get("subnets"),
        disk_gib=found.get("diskSize"),
        labels=dict(part(found, "labels")),
        taints=[f"{t.get('key')}={t.get('value', '')}:{t.get('effect')}" for t in parts(found, "taints")],
        launch_template=part(found, "launchTemplate").get("version"),
        autoscaling_groups=groups,
        role=found.get("nodeRole"),
        modified=found.get("modifiedAt"),
    )


def _addon(found: Document) -> dict[str, Any]:
    return _kept(
        version=found.get("addonVersion"),
        service_account_role=found.get("serviceAccountRoleArn"),
        pod_identities=len(found.get("podIdentityAssociations") or ()),
        modified=found.get("modifiedAt"),
    )


def _insight(found: Document) -> dict[str, Any]:
    status = part(found, "insightStatus")
    affected = [text(r, "kubernetesResourceUri") or arn_name(text(r, "arn")) for r in parts(found, "resources")]
    return _kept(
        category=found.get("category"),
        kubernetes_version=found.get("kubernetesVersion"),
        description=found.get("description"),
        reason=status.get("reason"),
        recommendation=found.get("recommendation"),
        affected=affected[:20],
        affected_total=len(affected),
        refreshed=found.get("lastRefreshTime"),
        since=found.get("lastTransitionTime"),
    )


def _access_entry(found: Document) -> dict[str, Any]:
    return _kept(
        principal=found.get("principalArn"),
        type=found.get("type"),
        groups=found.get("kubernetesGroups"),
        username=found.get("username"),
        modified=found.get("modifiedAt"),
    )


def _pod_identity(found: Document) -> dict[str, Any]:
    return _kept(
        namespace=found.get("namespace"),
        service_account=found.get("serviceAccount"),
        role=found.get("roleArn"),
        target_role=found.get("targetRoleArn"),
        association=found.get("associationId"),
        modified=found.get("modifiedAt"),
    )


def _kept(**properties: Any) -> dict[str, Any]:
    """Without what is empty; times as text, ARNs as what they name."""
    plain = {k: _plain(v) for k, v in properties.items()}
    return {k: v for k, v in plain.items() if v not in (None, "", [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        at = moment(value)
        return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
    if isinstance(value, str):
        return arn_name(value)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value if v is not None]
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value


_PROPERTIES: Mapping[str, Callable[[Document], dict[str, Any]]] = {
    "cluster": _cluster,
    "nodegroup": _nodegroup,
    "addon": _addon,
    "insight": _insight,
    "accessentry": _access_entry,
    "podidentity": _pod_identity,
}
