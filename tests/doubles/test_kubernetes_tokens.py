"""The double knows an EKS token that is good from every kind that is not."""

import base64
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from botocore.session import Session
from botocore.signers import RequestSigner

from .kube_asking import ask
from .kubernetes import ACCESS_KEY, ARN, CLUSTER, READER, READER_TOKEN, REGION, SECRET_KEY, KubeDouble

pytest_plugins = ["tests.doubles.kube_fixtures"]

PODS = "/api/v1/namespaces/kube-system/pods"
REFUSED = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "Unauthorized",
    "reason": "Unauthorized",
    "code": 401,
}


def token(
    cluster: str = CLUSTER, region: str = REGION, secret: str = SECRET_KEY, key: str = ACCESS_KEY, session: str | None = None
) -> str:
    """As botocore signs it, which is how the AWS CLI and every Python tool make it."""
    session_ = Session()
    model = session_.get_service_model("sts")
    signer = RequestSigner(
        model.service_id, region, "sts", "v4", Credentials(key, secret, session), session_.get_component("event_emitter")
    )
    url = f"https://sts.{region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    request = {"method": "GET", "url": url, "body": {}, "headers": {"x-k8s-aws-id": cluster}, "context": {}}
    signed = signer.generate_presigned_url(request, region_name=region, expires_in=60, operation_name="")
    return wrapped(signed)


def wrapped(url: str) -> str:
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).rstrip(b"=").decode()


def unwrapped(made: str) -> str:
    body = made.removeprefix("k8s-aws-v1.")
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


def test_a_token_signed_by_botocore_is_the_user_of_its_access_entry(kube: KubeDouble) -> None:
    assert ask(kube, PODS, token())[0] == 200
    assert kube.calls == [("list", PODS, ARN)]


def test_a_token_made_by_the_real_aws_cli_is_accepted(kube: KubeDouble, tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_EC2_METADATA_DISABLED": "true"}
    keys |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "HOME": str(tmp_path)}
    aws = Path(sys.executable).parent / "aws"
    command = [
        aws,
        "eks",
        "get-token",
        "--cluster-name",
        CLUSTER,
        "--region",
        REGION,
        "--query",
        "status.token",
        "--output",
        "text",
    ]
    made = subprocess.run(command, env=keys, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    assert ask(kube, PODS, made)[0] == 200, kube.access.refusals


def test_temporary_credentials_need_their_session_token(kube: KubeDouble) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/other/x"
    kube.access.principal("ASIAOTHER", "secret", arn, session_token="tok/en+=")
    kube.user("other", *READER, arn=arn)
    assert ask(kube, PODS, token(key="ASIAOTHER", secret="secret", session="tok/en+="))[0] == 200
    assert ask(kube, PODS, token(key="ASIAOTHER", secret="secret"))[0] == 401


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: token(cluster="other"), "made for another cluster"),
        (lambda: token(secret="wrong"), "does not match"),
        (lambda: token(key="AKIASTRANGER"), "unknown access key"),
        (lambda: token(region="eu-west-1"), "signed for sts.eu-west-1"),
        (lambda: wrapped(unwrapped(token()).replace("X-Amz-Expires=60", "X-Amz-Expires=61")), "does not match"),
        (lambda: wrapped(unwrapped(token()).replace("X-Amz-Expires=60", "X-Amz-Expires=9000")), "beyond 15 minutes"),
        (lambda: wrapped(unwrapped(token()) + "&X-Amz-Date=20200101T000000Z"), "doubled"),
        (
            lambda: wrapped(unwrapped(token()).replace("https://sts.us-west-2.amazonaws.com", "https://evil.example")),
            "evil.example",
        ),
        (lambda: wrapped(unwrapped(token()).replace("GetCallerIdentity", "GetSessionToken")), "not a SigV4 GetCallerIdentity"),
        (lambda: wrapped(unwrapped(token()).replace("https://", "http://")), "not an https URL"),
        (lambda: token()[:-4], "does not match"),
        (lambda: "k8s-aws-v1.%%%", "not base64url"),
        (lambda: "some-other-token", "unknown static token"),
        (lambda: "", "no bearer token"),
    ],
)
def test_every_other_token_is_401_and_the_double_knows_why(kube: KubeDouble, made, why: str) -> None:
    assert ask(kube, PODS, made()) == (401, REFUSED)
    assert why in kube.access.refusals[-1]


def test_a_token_lives_fifteen_minutes_from_its_signing(kube: KubeDouble) -> None:
    made, now = token(), kube.now()
    kube.clock = lambda: now + timedelta(minutes=14)
    assert ask(kube, PODS, made)[0] == 200
    kube.clock = lambda: now + timedelta(minutes=15, seconds=1)
    assert ask(kube, PODS, made) == (401, REFUSED)
    assert kube.access.refusals == ["expired"]


def test_a_clock_that_runs_ahead_makes_tokens_that_are_not_yet_good(kube: KubeDouble) -> None:
    made, now = token(), kube.now()
    kube.clock = lambda: now - timedelta(minutes=6)
    assert ask(kube, PODS, made)[0] == 401
    assert kube.access.refusals == ["signed in the future"]


def test_a_principal_without_an_access_entry_is_401_not_403(kube: KubeDouble) -> None:
    kube.access.drop_entry(ARN)
    assert ask(kube, PODS, token()) == (401, REFUSED)
    assert kube.access.refusals == ["principal has no access entry"]


def test_a_static_token_is_a_user_too(kube: KubeDouble) -> None:
    assert ask(kube, PODS, READER_TOKEN)[0] == 200
    assert kube.calls[-1].user == "reader"
