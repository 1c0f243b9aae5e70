"""Secrets to plant. They are put together at run time, so that no scanner takes this repository for a leak."""

import base64
import json

_HEAD = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"canary"}').decode().rstrip("=")
_BODY = base64.urlsafe_b64encode(b'{"sub":"system:serviceaccount:shop:canary"}').decode().rstrip("=")
_PEM_BODY = base64.b64encode(b"canary private key material " * 9).decode()

CANARIES: dict[str, str] = {
    "access-key": "AKIA" + "CANARY7F3A91QZXW",
    "session-key": "ASIA" + "CANARY2B8C40LMNP",
    "secret-key": "cAnArY" + "SecretAccessKey/9fQ2+7xLmP0aZt4Vb",
    "jwt": f"{_HEAD}.{_BODY}." + "c4n4rySignatureOfAServiceAccountToken0123456789",
    "bearer": "c4n4ry-bearer-" + "0f9e8d7c6b5a49382716",
    "presigned-signature": "c4n4ry" + "0123456789abcdef" * 3 + "0123456789",
    "security-token": "IQoJc4n4ry" + "SecurityTokenOfAPresignedUrl%2F0123456789",
    "docker-auth": base64.b64encode(b"AWS:c4n4ry-registry-password-2026").decode(),
    "kubeconfig-token": "k8s-aws-v1." + base64.urlsafe_b64encode(b"https://sts.example/?c4n4ry=1&X=2").decode().rstrip("="),
    "env-password": "c4n4ry-p4ssw0rd-in-env",
    "url-password": "c4n4ry-db-p4ss",
    "flag-token": "c4n4ry-flag-token-5566778899",
    "private-key": _PEM_BODY[:64],
}
"""Kind -> the very text that must never appear in an answer, a log, an error or a file of the store."""

INNOCENT = ("token: a word of prose", "authorization failed for user system:anonymous", "password authentication is off")
"""Lines that speak of secrets and hold none: they must come out as they went in."""


def private_key_block() -> str:
    """A PEM block of several lines, as user data carries it."""
    lines = [_PEM_BODY[i : i + 64] for i in range(0, len(_PEM_BODY), 64)]
    return "\n".join(["-----BEGIN RSA " + "PRIVATE KEY-----", *lines, "-----END RSA " + "PRIVATE KEY-----"])


def planted(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a node with every canary where its like is found on real nodes."""
    out, c = dict(files), CANARIES
    upload = "https://bucket.s3.amazonaws.com/logs?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    upload += f"&X-Amz-Credential={c['session-key']}%2F20261120%2Fus-west-2%2Fs3%2Faws4_request"
    upload += f"&X-Amz-Security-Token={c['security-token']}&X-Amz-Signature={c['presigned-signature']}"
    env = json.dumps({"env": [f"DB_PASSWORD={c['env-password']}", f"AWS_ACCESS_KEY_ID={c['access-key']}"]})
    auths = json.dumps({"auths": {"registry.example.com": {"auth": c["docker-auth"]}}})
    additions = {
        "var_log/user-data.log": f"export AWS_SECRET_ACCESS_KEY={c['secret-key']}\n{private_key_block()}\n",
        "system/ps.txt": f"root      8001  0.0  0.1 agent --token={c['flag-token']} postgres://app:{c['url-password']}@db:5432/shop\n",
        "kubelet/kubeconfig.yaml": f"users:\n- name: kubelet\n  user:\n    token: {c['kubeconfig-token']}\n",
        "kubelet/kubelet.log": _journal(f'"Request" headers="Authorization: Bearer {c["bearer"]}" token="{c["jwt"]}"'),
        "containerd/containerd-log.txt": _journal(f"PullImage auth config {json.dumps(auths)}", "containerd[2807]"),
        "cni/cni-configuration-variables-containerd.json": env + "\n" + json.dumps({"nested": env}) + "\n",
        "var_log/cloud-init-output.log": f"uploading to {upload}\n" + "".join(f"{line}\n" for line in INNOCENT),
    }
    for name, text in additions.items():
        out[name] = out.get(name, b"") + text.encode()
    return out


def _journal(text: str, program: str = "kubelet[3301]") -> str:
    return f"Nov 20 14:30:01 ip-10-0-16-21 {program}: {text}\n"
