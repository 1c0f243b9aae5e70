"""No secret reaches the store, in whatever dress it comes; what is none is left alone."""

import base64
import gzip
import json
import re
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eks_diag_mcp.bundle.reader import BLOCK_BYTES, LINE_CAP
from eks_diag_mcp.bundle.redact import Redactor
from tests.scenarios.canaries import CANARIES, INNOCENT, planted, private_key_block

from .conftest import IPAMD, POD, Room, zap

KEY = CANARIES["private-key"]
PEM_LINES = private_key_block().split("\n")[1:-1]


def everything(room: Room) -> str:
    """All bytes of all files under the library, and all text of its Parquet."""
    root = room.home
    texts = [p.read_bytes().decode("latin-1") for p in root.rglob("*") if p.is_file() and "patterns" not in p.parts]
    for path in root.rglob("*.parquet"):
        texts += [str(row) for row in ds.dataset(path, format="parquet").to_table().to_pylist()]
    return "\n".join(texts)


def test_no_canary_is_in_the_store_and_the_harmless_lines_are(room: Room) -> None:
    files = {"kubelet/kubelet.log": b"", "system/ps.txt": b"", "var_log/cloud-init-output.log": b""}
    bundle = room.admit(planted(files))
    kept = everything(room)
    assert [kind for kind, secret in CANARIES.items() if secret in kept] == []
    assert [line for line in PEM_LINES if line in kept] == []
    assert all(line in kept for line in INNOCENT)
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in kept and "postgres://app:" in kept
    assert bundle.coverage("user-data").state == "masked" and bundle.entry("var_log/user-data.log").masked >= len(PEM_LINES)


S = "c4n4ry/S3cr3t+Value9"
SHAPES = [
    f"DB_PASSWORD={S}",
    f"a_very_long_prefix_of_a_setting_of_some_chart_value_password={S}",
    f'password: "{S}"',
    f"password: 'two words {S}'",
    f'{{"password":"with, comma {S}","x":1}}',
    f'{{"password":"with \\"quote\\" {S}"}}',
    json.dumps({"msg": json.dumps({"clientSecret": f"x {S}"})}),
    json.dumps({"a": json.dumps({"b": json.dumps({"apiKey": f'say "{S}"'})})}),
    f"password=;,{S}",
    f"<SecretAccessKey>{S}</SecretAccessKey>",
    f"<SessionToken>{S}=</SessionToken>",
    f"--password {S}",
    f"--token={S}",
    f"GITHUB_TOKEN={S}{S}",
    f"X-aws-ec2-metadata-token: {S}{S}==",
    f"Authorization: Basic {S}",
    f"Authorization:[Bearer {S}]",
    f'"Authorization": "Bearer {S}"',
    f"proxy http://user:{S}@proxy.internal:3128/x",
    f"redis://:{S}@cache:6379",
    f"amqp://app:p@{S}@mq/vhost",
    f'{{"name":"DB_PASSWORD","value":"{S}"}}',
    json.dumps(json.dumps({"name": "MY_TOKEN", "value": S})),
    "key AKIA" + "C4N4RYS3CR3TVALU",
    "x_ASIA" + "C4N4RYS3CR3TVALU",
    "docker login -u AWS -p eyJwYXlsb2Fk" + S * 4,
    "ghp_" + "c4n4ryS3cr3tValue9c4n4ryS3cr3tValue9",
    "client-key-data: LS0tLS1CRUdJTi" + S * 2,
    "-----BEGIN EC PRIVATE " + f"KEY-----\\n{S}\\n-----END EC PRIVATE KEY-----",
    "AWS4-HMAC-SHA256 Credential=x, Signature=" + "c4a4" * 16,
]


@pytest.mark.parametrize("line", SHAPES)
def test_a_secret_is_masked_in_every_dress(line: str) -> None:
    shown = Redactor().line(f"Jan 10 10:00:00 host app[1]: {line} end")
    assert not re.search(r"c4n4ry|S3cr3t|Value9|C4N4RY|VALU|c4a4", shown), shown
    assert "[masked:" in shown and shown.startswith("Jan 10 10:00:00 host app[1]: ")


def test_the_fast_scan_betrays_every_dress(room: Room) -> None:
    room.admit({"system/ps.txt": "".join(f"{line}\n" for line in SHAPES)})
    # Four hex digits of the signature stand in many a digest by chance; twelve do not.
    assert not re.search(r"c4n4ry|S3cr3t|Value9|C4N4RY|VALU|c4a4c4a4c4a4", everything(room))


HARMLESS = [
    *INNOCENT,
    "password: true",
    "password: <redacted>",
    'password="${DB_PASSWORD}"',
    "password=$PASSWORD next",
    "passwordFile=/etc/x password=/etc/kubernetes/secret.txt",
    '"secretKeyRef":{"name":"db","key":"password"}',
    "secretKey: {name: x}",
    "tokenexpiry=3 token_ttl=86400",
    "api_key: null",
    "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    "token: /var/run/secrets/kubernetes.io/serviceaccount/token",
    "--token-auth-file=/etc/x --password-file=/run/p",
    "https://sts.us-west-2.amazonaws.com:443/?Action=GetCallerIdentity",
    "docker-pullable://123456789012.dkr.ecr.us-west-2.amazonaws.com/amazon-k8s-cni:v1.20.4@sha256:" + "ab" * 32,
    "oci://registry.internal:5000/repo@sha256:" + "0f" * 32,
    "arn:aws:iam::123456789012:role/eks-node eni-0a1b2c3d4e5f60718 i-0abc123def4567890 subnet-0123456789abcdef0",
    "containerd://" + "0123456789abcdef" * 4,
    "mailto user@host.example: 8080",
    "The security token included in the request is expired",
    "certificate-authority-data: LS0tLS9",
    "AKIA is a prefix, ASIAN is a word",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_is_no_secret_is_left_alone(line: str) -> None:
    redactor = Redactor()
    assert (redactor.line(line), redactor.masked) == (line, 0)


def test_masking_twice_changes_nothing() -> None:
    redactor = Redactor()
    for line in SHAPES:
        once = redactor.line(line)
        assert redactor.line(once) == once


def tags(text: str) -> list[str]:
    return re.findall(r"\[masked:[a-z0-9-]+:([0-9a-f]{6})\]", text)


def test_equal_secrets_can_be_told_within_a_bundle_and_not_across(room: Room) -> None:
    text = f"a PASSWORD={S}\nb PASSWORD={S}\nc PASSWORD={S}x\n"
    first, second = room.admit({"system/ps.txt": text}), room.admit({"system/ps.txt": text + "d\n"}, "two.tar.gz")
    a, b, c = tags(first.text("system/ps.txt").text)
    assert a == b != c
    assert a not in tags(second.text("system/ps.txt").text)


# ---- private keys over several lines --------------------------------------------------------------------------------
def key_text(prefix: str, tail: str = "Zm9v\n") -> str:
    begin, *body, end = private_key_block().split("\n")
    return "".join(f"{prefix}{line}\n" for line in (begin, *body)) + f"{prefix}{tail}{prefix}{end}\n"


@pytest.mark.parametrize("prefix", ["", "  ", "2026-01-10T10:00:00.1Z stdout F ", "Jan 10 10:00:00 ip-10-0-1-2 cloud-init[1234]: "])
def test_a_key_over_several_lines_is_masked_whatever_stands_before_them(room: Room, prefix: str) -> None:
    bundle = room.admit({"var_log/messages": f"before\n{key_text(prefix)}after {S}\n"})
    text = bundle.text("var_log/messages").text
    assert not [line for line in (*PEM_LINES, "Zm9v") if line in text]
    assert (
        text.startswith("before\n")
        and text.endswith(f"after {S}\n")
        and text.count(prefix + "[masked:private-key:") == len(PEM_LINES) + 1
    )


@pytest.mark.parametrize("inside", [1, 2, 3])
def test_a_key_over_the_border_of_blocks_is_masked(room: Room, inside: int) -> None:
    key = key_text("")
    upto = sum(len(line) + 1 for line in key.split("\n")[:inside])
    filler = "word " * 20 + "\n"
    head = filler * ((BLOCK_BYTES - upto) // len(filler) - 1)
    head += "w " * ((BLOCK_BYTES - upto - len(head) - 2) // 2) + "\n"
    bundle = room.admit({"var_log/messages": head + key + filler * 9000})
    second = bundle.blocks_of(0)[1]
    assert bundle.block_text(second).startswith(b"[masked:private-key:")
    text = bundle.text("var_log/messages").text
    assert not [line for line in PEM_LINES if line in text] and text.endswith(filler)


def test_a_begin_without_key_spoils_no_further_lines(room: Room) -> None:
    log = "cannot parse -----BEGIN RSA PRIVATE " + "KEY----- here\n" + "kubelet started\nno available IP addresses\n" * 20
    log += f"pulled image with digest {'0123456789abcdef' * 4}\n"
    assert room.admit({"var_log/messages": log}).text("var_log/messages").text.partition("\n")[2] == log.partition("\n")[2]


# ---- lines that something cut ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_secret_that_the_runtime_cut_in_two_lines_is_masked(room: Room, cut: int) -> None:
    message = f"say PASSWORD={S} key AKIA" + "C4N4RYS3CR3TVALU end"
    stamp = "2026-01-10T10:00:00.123456789Z stdout "
    text = (
        room.admit({POD: f"{stamp}P {message[:cut]}\n{stamp}P {message[cut : cut + 9]}\n{stamp}F {message[cut + 9 :]}\n"})
        .text(POD)
        .text
    )
    joined = "".join(line.partition(" stdout ")[2][2:] for line in text.split("\n"))
    assert not re.search(r"c4n4ry|S3cr3t|Value9|C4N4|VALU", joined), text
    assert joined.startswith("say PASSWORD=[masked:") and joined.endswith(" end") and text.count("\n") == 3


def test_a_secret_at_the_cut_of_an_endless_line_is_masked(room: Room) -> None:
    cut = -(-LINE_CAP // BLOCK_BYTES) * BLOCK_BYTES
    for shift in (0, 15, 25, 40):
        filler = "x" * (cut - 45 + shift)
        line = f'{filler}, "password": "{S}", y\n'
        room.admit({IPAMD: line}, f"{shift}.tar.gz")
    assert S not in everything(room) and "c4n4ry" not in everything(room)


def test_words_of_an_absent_file_are_masked_where_the_manifest_quotes_them(room: Room) -> None:
    room.admit({"kubelet/kubelet.log": "bash: AKIA" + "C4N4RYS3CR3TVALU: command not found\n", "system/ps.txt": "x\n"})
    assert "C4N4RYS3CR3TVALU" not in everything(room)


def test_packed_logs_and_quotes_of_findings_are_masked_too(room: Room) -> None:
    log = gzip.compress(zap("2026-01-10T10:00:00Z", f"no available IP addresses PASSWORD={S}").encode())
    bundle = room.admit({IPAMD + ".1.gz": log})
    assert "[masked:" in bundle.finding_rows[0].quotes[0].text and S not in everything(room)


# ---- mixes ----------------------------------------------------------------------------------------------------------
secret = st.sampled_from(
    ["AKIA" + "C4N4RYS3CR3TVALU", "c4n4ry" + "S3cr3tValue9" * 3, "eyJ" + "c4n4ryS3cr3t.eyJ" + "c4n4ryS3cr3t.c4n4ry"]
)
dress = st.sampled_from(
    [
        "password={}",
        'password="{}"',
        "--token {}",
        "Bearer {}",
        "https://u:{}@h/x",
        "?X-Amz-Signature={}&",
        "{}",
        "token={}",
        '"auth": "{}"',
        "k8s-aws-v1.{}",
    ]
)
words = st.sampled_from([" ", ", ", " msg ", '"', "'", '\\"', "=", ":", "} ", "](", "\u00e9", "error ", "eni-0a1b2c3d4e5f60718 "])


@given(st.lists(st.one_of(words, st.builds(str.format, dress, secret)), min_size=1, max_size=12).map(" ".join))
def test_secrets_beside_and_within_one_another_leave_no_rest(line: str) -> None:
    dressed = re.sub(r"(?:^| )c4n4ryS3cr3tValue9\S*", "", line)  # a bare word tells nobody that it is a secret
    shown = Redactor().line(dressed)
    assert not re.search(r"AKIAC4|VALU\b|eyJc4|(?:password=|--token |X-Amz-Signature=)[\"']?c4n4ry", shown), (dressed, shown)


@given(st.binary(max_size=60))
def test_base64_of_anything_is_no_reason_to_fail(data: bytes) -> None:
    Redactor().line(f"token={base64.b64encode(data).decode()} {data.decode('utf-8', 'replace')}")


def test_the_key_of_the_tags_is_nowhere(room: Room) -> None:
    bundle = room.admit({"system/ps.txt": f"PASSWORD={S}\n"})
    assert set(json.loads(Path(bundle.folder / "manifest.json").read_text())) == {
        "digest",
        "instance_id",
        "captured",
        "admitted",
        "boot",
        "aliases",
        "files",
        "notes",
        "truncated",
        "layout",
        "provenance",
        "signatures",
        "queries",
        "redaction",
        "schema",
    }
