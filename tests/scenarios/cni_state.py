"""What ipamd answered and what the VPC CNI left on disk at capture: ipamd/*.json, metrics, conflist, container spec."""

import base64
import ipaddress
import json
from datetime import timedelta

from .lines import Row, iso
from .metrics import metrics
from .node import Address, Node

ZERO_TIME = "0001-01-01T00:00:00Z"
COMMANDS = ["/v1/enis", "/v1/eni-configs", "/v1/networkutils-env-settings", "/v1/ipamd-env-settings"]
DEFAULT_ENV = {
    "ADDITIONAL_ENI_TAGS": "{}",
    "AWS_VPC_CNI_NODE_PORT_SUPPORT": "true",
    "AWS_VPC_ENI_MTU": "9001",
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "false",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
    "AWS_VPC_K8S_CNI_LOGLEVEL": "DEBUG",
    "AWS_VPC_K8S_CNI_LOG_FILE": "/host/var/log/aws-routed-eni/ipamd.log",
    "AWS_VPC_K8S_CNI_RANDOMIZESNAT": "prng",
    "AWS_VPC_K8S_CNI_VETHPREFIX": "eni",
    "AWS_VPC_K8S_PLUGIN_LOG_FILE": "/var/log/aws-routed-eni/plugin.log",
    "AWS_VPC_K8S_PLUGIN_LOG_LEVEL": "DEBUG",
    "DISABLE_INTROSPECTION": "false",
    "DISABLE_METRICS": "false",
    "DISABLE_NETWORK_RESOURCE_PROVISIONING": "false",
    "ENABLE_POD_ENI": "false",
    "WARM_ENI_TARGET": "1",
}


def environment(node: Node) -> dict[str, str]:
    """The environment of the aws-node container: that release's defaults, then what the scenario sets."""
    env = dict(DEFAULT_ENV)
    if node.at_least(1, 9):
        env |= {"ENABLE_PREFIX_DELEGATION": str(node.prefix).lower(), "WARM_PREFIX_TARGET": "1"}
    if node.at_least(1, 10):
        env |= {"ENABLE_IPv4": str(not node.ipv6).lower(), "ENABLE_IPv6": str(node.ipv6).lower()}
    if node.at_least(1, 20):
        env |= {"CLUSTER_NAME": "shop", "ENABLE_SUBNET_DISCOVERY": "true", "NETWORK_POLICY_ENFORCING_MODE": "standard"}
        env |= {
            "CLUSTER_ENDPOINT": f"https://{node.endpoint}",
            "VPC_ID": "vpc-0a11b22c33d44e55f",
            "VPC_CNI_VERSION": node.version,
        }
    if node.custom:
        env |= {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone"}
    env["MY_NODE_NAME"] = node.node_name
    return env | node.spec.env


def files(node: Node, story: list[Row]) -> dict[str, str]:
    """All CNI state files. `story` feeds the counters: what was logged was counted too."""
    if not node.vpc_cni:
        return {"cni/05-cilium.conflist": _cilium_conflist()} | _ipamd_files(node, "")
    out = _ipamd_files(node, metrics(node, story))
    if node.has_aws_node:
        out["ipamd/ipam.json"] = json.dumps(checkpoint(node), separators=(",", ":"))
        spec = json.dumps(container_spec(node), indent=4)
        name = "dockerd.txt" if node.docker else "containerd.json"
        out[f"cni/cni-configuration-variables-{name}"] = f"[{spec}]\n" if node.docker else spec + "\n"
    if node.ipamd_was_ready:
        out["cni/10-aws.conflist"] = json.dumps(conflist(node), indent=2) + "\n"
    return out


def _ipamd_files(node: Node, prometheus: str) -> dict[str, str]:
    """The answers of the introspection port; 0 bytes when nothing listened there."""
    up = node.ipamd_up and node.spec.introspection != "off"
    bodies: dict[str, object] = {
        "enis": enis(node) if node.spec.introspection == "full" else _empty(node),
        "pods": {"AvailableCommands": COMMANDS},
        "eni-configs": node.zone if node.custom else "default",
        "ipamd-env-settings": ipamd_env(node),
        "networkutils-env-settings": networkutils_env(node),
    }
    out = {f"ipamd/{name}.json": json.dumps(body) if up else "" for name, body in bodies.items()}
    return out | {"ipamd/metrics.json": prometheus if node.ipamd_up else ""}


# ---- the datastore ------------------------------------------------------------------------------------------------
def enis(node: Node) -> dict[str, object]:
    """/v1/enis as that release tells it: flat addresses (1.7), CIDRs (1.9), by network card (1.20), scrubbed (1.23)."""
    store = {
        "TotalIPs": node.total,
        "AssignedIPs": node.assigned,
        "ENIs": {node.eni_ids[i]: _eni(node, i) for i in node.managed},
    }
    return {"0": store} if node.at_least(1, 20) else store


def _empty(node: Node) -> dict[str, object]:
    store: dict[str, object] = {"TotalIPs": 0, "AssignedIPs": 0, "ENIs": {}}
    return {"0": store} if node.at_least(1, 20) else store


def _eni(node: Node, index: int) -> dict[str, object]:
    eni = node.spec.enis[index]
    out: dict[str, object] = {
        "ID": node.eni_ids[index],
        "IsPrimary": index == 0,
        "IsTrunk": eni.trunk,
        "IsEFA": False,
        "DeviceNumber": index,
    }
    held = [a for a in node.addresses if a.eni == index]
    if not node.at_least(1, 9):
        return out | {"IPv4Addresses": {a.ip: _address(node, a) for a in held}}
    cidrs: dict[str, dict] = {}
    for address in held:
        block = cidrs.setdefault(address.cidr, _cidr(address.cidr, bool(eni.prefixes)))
        if address.state != "free":  # an address that was never used has no entry: its block's size counts it
            block["IPAddresses"][address.ip] = _address(node, address)
    if node.ipv6 and eni.prefixes and not cidrs:
        cidrs["2600:1f14:a1b:c203:5e1a::/80"] = _cidr("2600:1f14:a1b:c203:5e1a::/80", True)
    out |= {"AvailableIPv4Cidrs": {} if node.ipv6 else cidrs, "IPv6Cidrs": cidrs if node.ipv6 else {}}
    if node.at_least(1, 20):
        out["RouteTableID"] = 254 if index == 0 else index + 1
    if node.at_least(1, 22, 1):
        out |= {
            "IsExcludedForPodIPs": eni.excluded,
            "SubnetID": node.subnet if index == 0 else node.pod_subnet if node.custom else node.subnet,
        }
    return out


def _cidr(cidr: str, is_prefix: bool) -> dict:
    net = ipaddress.ip_network(cidr)
    mask = base64.b64encode(net.netmask.packed).decode()
    return {
        "Cidr": {"IP": str(net.network_address), "Mask": mask},
        "IPAddresses": {},
        "IsPrefix": is_prefix,
        "AddressFamily": "",
    }


def _address(node: Node, address: Address) -> dict[str, object]:
    key, meta, assigned, unassigned = {"networkName": "", "containerID": "", "ifName": ""}, {}, ZERO_TIME, ZERO_TIME
    if address.state == "assigned":
        pod = next(p for p in node.pods if p.ip == address.ip)
        scrubbed = node.at_least(1, 23)
        key = {
            "networkName": "aws-cni",
            "containerID": "" if scrubbed else pod.sandbox,
            "ifName": "" if scrubbed else "eth0",
        }
        meta = {"k8sPodNamespace": pod.namespace, "k8sPodName": pod.name}
        meta |= {"interfacesCount": "1"} if node.at_least(1, 20) else {}
        assigned = iso(pod.since or node.boot, 9)
    elif address.state == "cooling":
        order = [a.ip for a in node.addresses if a.state == "cooling"].index(address.ip)
        unassigned = iso(node.captured - timedelta(seconds=3 + order % 22), 9)
    out: dict[str, object] = {"Address": address.ip, "IPAMKey": key, "UnassignedTime": unassigned}
    return out | {"IPAMMetadata": meta, "AssignedTime": assigned} if node.at_least(1, 11) else out


def checkpoint(node: Node) -> dict[str, object]:
    """/var/run/aws-node/ipam.json: the one place where sandbox, pod and address always stand together."""
    rows = []
    for pod in node.pods:
        row: dict[str, object] = {
            "networkName": "aws-cni",
            "containerID": pod.sandbox,
            "ifName": "eth0",
            "ipv6" if node.ipv6 else "ipv4": pod.ip,
        }
        if node.at_least(1, 11):
            row["allocationTimestamp"] = int((pod.since or node.boot).timestamp() * 1e9)
            row["metadata"] = {"k8sPodNamespace": pod.namespace, "k8sPodName": pod.name}
        rows.append(row)
    return {"version": "vpc-cni-ipam/1", "allocations": rows}


# ---- settings -----------------------------------------------------------------------------------------------------
def ipamd_env(node: Node) -> dict[str, object]:
    env = environment(node)
    out: dict[str, object] = {
        "WARM_IP_TARGET": int(env.get("WARM_IP_TARGET", "0")),
        "WARM_ENI_TARGET": int(env.get("WARM_ENI_TARGET", "1")),
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": env["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] == "true",
    }
    if node.at_least(1, 18):
        out |= {
            "AWS_MANAGE_ENIS_NON_SCHEDULABLE": False,
            "ENABLE_SUBNET_DISCOVERY": env["ENABLE_SUBNET_DISCOVERY"] == "true",
        }
    return out


def networkutils_env(node: Node) -> dict[str, object]:
    out: dict[str, object] = {
        "AWS_EXTERNAL_SERVICE_CIDRS": None,
        "AWS_VPC_CNI_NODE_PORT_SUPPORT": True,
        "AWS_VPC_ENI_MTU": 9001,
        "AWS_VPC_K8S_CNI_CONNMARK": 128,
        "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": None,
        "AWS_VPC_K8S_CNI_EXTERNALSNAT": environment(node)["AWS_VPC_K8S_CNI_EXTERNALSNAT"] == "true",
        "AWS_VPC_K8S_CNI_RANDOMIZESNAT": 2,
        "AWS_VPC_K8S_CNI_VETHPREFIX": "eni",
    }
    return out if node.at_least(1, 12) else out | {"AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER": True}


def image(node: Node) -> str:
    return f"602401143452.dkr.ecr.{node.region}.amazonaws.com/amazon-k8s-cni:{node.version}-eksbuild.1"


def container_spec(node: Node) -> dict[str, object]:
    """`ctr container info` (docker: `docker inspect`) of the aws-node container."""
    env = [f"{k}={v}" for k, v in sorted(environment(node).items())]
    pod = node.system["aws-node"]
    if node.docker:
        return {
            "Id": pod.container,
            "Name": f"/k8s_aws-node_{pod.name}_kube-system_{pod.uid}_0",
            "Config": {"Image": image(node), "Env": env},
        }
    labels = {
        "io.cri-containerd.kind": "container",
        "io.kubernetes.container.name": "aws-node",
        "io.kubernetes.pod.name": pod.name,
    }
    process = {
        "args": ["/app/aws-vpc-cni"],
        "cwd": "/app",
        "env": ["PATH=/usr/local/sbin:/usr/bin", f"HOSTNAME={node.node_name}", *env],
    }
    return {
        "ID": pod.container,
        "Labels": labels,
        "Image": image(node),
        "Runtime": {"Name": "io.containerd.runc.v2"},
        "Spec": {"process": process},
    }


def conflist(node: Node) -> dict[str, object]:
    log = {"pluginLogFile": "/var/log/aws-routed-eni/plugin.log", "pluginLogLevel": "DEBUG"}
    main: dict[str, object] = {"name": "aws-cni", "type": "aws-cni", "vethPrefix": "eni", "mtu": "9001", **log}
    plugins: list[dict] = [main]
    if node.at_least(1, 11):
        main["podSGEnforcingMode"] = environment(node).get("POD_SECURITY_GROUP_ENFORCING_MODE", "strict")
        egress = {
            "name": "egress-cni",
            "type": "egress-cni",
            "mtu": "9001",
            "enabled": str(node.ipv6).lower(),
            "nodeIP": node.primary if node.ipv6 else "",
        }
        plugins.append({**egress, **log, "pluginLogFile": "/var/log/aws-routed-eni/egress-v6-plugin.log"})
    plugins.append({"type": "portmap", "capabilities": {"portMappings": True}, "snat": True})
    return {
        "cniVersion": "0.4.0" if node.at_least(1, 8) else "0.3.1",
        "name": "aws-cni",
        "disableCheck": True,
        "plugins": plugins,
    }


def _cilium_conflist() -> str:
    plugin = {
        "type": "cilium-cni",
        "enable-debug": False,
        "log-file": "/var/run/cilium/cilium-cni.log",
        "ipam": {"type": "cilium"},
    }
    return json.dumps({"cniVersion": "0.3.1", "name": "cilium", "plugins": [plugin]}, indent=2) + "\n"
