"""The token that an EKS API server takes: a presigned STS GetCallerIdentity URL, bound to the cluster's name."""

import base64

from .aws import Aws

TOKEN_LIFE_S = 600
"""When it is made anew. EKS takes it for 15 minutes after it was signed, whatever X-Amz-Expires says."""


def eks_token(aws: Aws, cluster: str, region: str) -> str:
    """A bearer token for one cluster. Signed for the cluster's region and its own STS host; nothing is sent."""
    from botocore.signers import RequestSigner

    client = aws.client("sts", region)
    credentials = aws.session.get_credentials()
    signer = RequestSigner(client.meta.service_model.service_id, region, "sts", "v4", credentials, aws.session.events)
    request = {
        "method": "GET",
        "url": f"https://sts.{region}.{aws.dns_suffix(region)}/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    url = signer.generate_presigned_url(request, region_name=region, expires_in=60, operation_name="")
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
