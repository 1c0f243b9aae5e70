"""The Prometheus text of ipamd's port 61678, in agreement with the datastore and with what the story logged."""

from .lines import Row
from .node import Node

HELP = {
    "add_ip_req_count": "counter The number of add IP address requests",
    "assigned_ip_addresses": "gauge The number of IP addresses assigned to pods",
    "aws_api_error_count": "counter The number of times AWS API returns an error",
    "aws_api_latency_ms": "summary AWS API call latency in ms",
    "build_info": "gauge A metric with a constant '1' value labeled by version",
    "ec2api_req_count": "counter The number of requests made by CNI",
    "eni_allocated": "gauge The number of ENIs allocated",
    "eni_max": "gauge The maximum number of ENIs that can be attached to the instance, accounting for unmanaged ENIs",
    "ip_max": "gauge The maximum number of IP addresses that can be allocated to the instance",
    "ipamd_error_count": "counter The number of errors encountered in ipamd",
    "no_available_ip_addresses": "counter The number of pod IP assignments that fail due to no available IP addresses",
    "total_ip_addresses": "gauge The total number of IP addresses",
}
"""Name -> type and help text. Some of these words look like failures and are none."""


def metrics(node: Node, story: list[Row]) -> str:
    """Counters run since ipamd started; a story's EC2 errors and failed pods are counted."""
    counted = [r for r in story if r.at >= node.ipamd_started]
    errors = [r.ec2 for r in counted if r.ec2[0]]
    failed = sum(r.log == "plugin" and r.text.startswith("Failed to assign an IP address") for r in counted)
    call = 'api="GetMetadata",error="false",status="200"'
    samples = {
        "add_ip_req_count": [f" {214 + failed}"],
        "assigned_ip_addresses": [f" {node.assigned}"],
        "aws_api_error_count": [f'{{api="{a}",error="{c}"}} {errors.count((a, c))}' for a, c in sorted(set(errors))],
        "aws_api_latency_ms": [f'{{{call},quantile="0.5"}} NaN', f"_sum{{{call}}} 1.234e+03", f"_count{{{call}}} 977"],
        "build_info": [f'{{goversion="go1.23.4",version="{node.version}"}} 1'],
        "ec2api_req_count": ['{fn="DescribeNetworkInterfaces"} 9'],
        "eni_allocated": [f" {len(node.managed)}"],
        "eni_max": [f" {node.usable_enis}"],
        "ip_max": [f" {node.usable_enis * node.ips_per_eni}"],
        "ipamd_error_count": [f'{{fn="increaseIPPoolAllocIPAddressesFailed"}} {len(errors)}'] if errors else [],
        "no_available_ip_addresses": [f" {failed}"] if node.at_least(1, 15) else [],
        "total_ip_addresses": [f" {node.total}"],
    }
    out = []
    for name, values in samples.items():
        kind, text = HELP[name].split(" ", 1)
        head = [f"# HELP awscni_{name} {text}", f"# TYPE awscni_{name} {kind}"]
        out += [*head, *(f"awscni_{name}{value}" for value in values)] if values else []
    return "\n".join(out) + "\n"
