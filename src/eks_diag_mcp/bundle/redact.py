"""Masks secrets before anything is stored (threats.md 9).

Spans are found on the original line, merged, and then rewritten at once: rewriting one kind after another can cut a token
in two and leave half of it. A placeholder is numbered by a random key of this one admit that is never stored, so equal
secrets can be told to be equal inside a bundle, and nowhere else."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

VERSION = 1
"""Stands in the manifest; a bundle masked by an older version is worth admitting anew."""

_Q = r"""(?:\\*["'])?"""
_VALUE = r"""(?:\\*["'])?(?P<s>[^\s"'\\,;&}\]]{4,})"""
_NAMES = (
    r"password|passwd|secret[_-]?access[_-]?key|secret[_-]?key|client[_-]?secret|api[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token"
    r"|id[_-]?token|session[_-]?token|security[_-]?token|private[_-]?key|client-key-data|bearer[_-]?token|identitytoken|registrytoken"
)
_KEY = rf"[\w.-]{{0,40}}(?:{_NAMES})"
_PLAIN = r"(?:true|false|null|none|nil|<[^>]*>|\*+|\d{1,6}|/[\w./-]+|\$\{?\w+\}?|https?://[^\s]*)"


@dataclass(frozen=True, slots=True)
class SecretKind:
    """A kind of secret. `pattern` masks group `s` where it has one, else the whole match; `trigger` is the part that the
    fast scan looks for (no look-around)."""

    name: str
    pattern: str
    trigger: str


KINDS: tuple[SecretKind, ...] = (
    SecretKind("aws-key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    SecretKind("jwt", r"\beyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?", r"eyJ[\w-]{8,}\.eyJ"),
    SecretKind("eks-token", r"k8s-aws-v1\.[\w=-]{8,}", r"k8s-aws-v1\."),
    SecretKind("url-signature", r"(?i)\bX-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D)(?P<s>[^\s&\"'\\<>]{8,})", r"X-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D)"),
    SecretKind("url-signature", r"(?i)[?&](?:Signature|sig|AWSAccessKeyId)=(?P<s>[^\s&\"'\\<>]{8,})", r"[?&](?:Signature|sig|AWSAccessKeyId)="),
    SecretKind("authorization", r"(?i)authorization\\*[\"']?\s{0,3}[:=]\s{0,3}\[?\\*[\"']?(?:Bearer|Basic)\s+(?P<s>[^\s\"'\\\]]{4,})", r"authorization\\*[\"']?\s{0,3}[:=]"),
    SecretKind("url-signature", r"(?i)\bSignature=(?P<s>[0-9a-f]{32,})", r"Signature=[0-9a-f]{32}"),
    SecretKind("bearer", r"(?i)\bbearer\s+(?P<s>[\w.~+/=-]{20,})", r"bearer\s+[\w.~+/=-]{20}"),
    SecretKind("url-password", r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{1,128}:(?P<s>[^\s/@\"']{1,256})@", r"[a-z0-9]://[^\s/:@\"']{1,128}:[^\s/@\"']{1,256}@"),
    SecretKind("docker-auth", r"(?i)\\*[\"']auth\\*[\"']\s*:\s*\\*[\"'](?P<s>[A-Za-z0-9+/=]{8,})", r"[\"']auth\\*[\"']\s*:"),
    SecretKind("named-secret", rf"(?i)(?<![\w-]){_KEY}{_Q}\s{{0,3}}(?:[:=]|=>)\s{{0,3}}(?!{_Q}{_PLAIN}(?:[\s\"'\\,;&}}\]]|$)){_VALUE}", rf"(?:{_NAMES})\\*[\"']?\s{{0,3}}(?:[:=])"),
    SecretKind("named-secret", rf"(?i)--(?:{_NAMES}|token)[ =]+{_VALUE}", rf"--(?:{_NAMES}|token)[ =]"),
    SecretKind("named-secret", r"(?i)(?:^|[\s{,\[\"'])(?:token|auth)\\*[\"']?\s{0,3}[:=]\s{0,3}\\*[\"']?(?P<s>[\w.+/=-]{24,})", r"(?:token|auth)\\*[\"']?\s{0,3}[:=]\s{0,3}\\*[\"']?[\w.+/=-]{24}"),
    SecretKind("name-value-secret", rf"(?i)[\"']name\\*[\"']\s*:\s*\\*[\"'][\w.-]*(?:{_NAMES}|token)\\*[\"']\s*,\s*\\*[\"']value\\*[\"']\s*:\s*\\*[\"'](?P<s>[^\"'\\]{{4,}})", rf"[\"']name\\*[\"']\s*:\s*\\*[\"'][\w.-]{{0,40}}(?:{_NAMES}|token)"),
    SecretKind("private-key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<s>.*?)(?:-----END|$)", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"),
    SecretKind("base64-key", r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]{20,}", r"LS0tLS1CRUdJTi"),
)
_COMPILED = [(kind.name, re.compile(kind.pattern)) for kind in KINDS]
_BEGIN = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_END = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
_PEM_LINE = re.compile(r"[A-Za-z0-9+/=\\ rn.:,-]{1,200}\s*$")


def secret_spans(line: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of each secret in the line, as found on the original text."""
    for name, pattern in _COMPILED:
        for match in pattern.finditer(line):
            start, end = match.span("s") if "s" in pattern.groupindex and match["s"] else match.span()
            if end > start and "[masked:" not in line[start:end]:
                yield start, end, name


class Redactor:
    """Masks the lines of one admit. `masked` counts the secrets rewritten."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self.masked = 0

    def line(self, text: str) -> str:
        """The line with each secret replaced by `[masked:kind:tag]`."""
        spans = merged(secret_spans(text))
        if not spans:
            return text
        parts, at = [], 0
        for start, end, kind in spans:
            tag = hashlib.blake2b(text[start:end].encode("utf-8", "replace"), key=self._key, digest_size=3).hexdigest()
            parts += [text[at:start], f"[masked:{kind}:{tag}]"]
            at = end
            self.masked += 1
        return "".join([*parts, text[at:]])

    def block_line(self, text: str, inside_key: bool) -> tuple[str, bool]:
        """As `line`, for one line of a file in which a PEM private key may run over several lines."""
        if inside_key:
            if _END.search(text) or not _PEM_LINE.match(text):
                return (self.line(text), False)
            self.masked += 1
            return "[masked:private-key]", True
        begins = bool(_BEGIN.search(text)) and not _END.search(text)
        return self.line(text), begins


def merged(spans: Iterator[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Overlapping spans joined; the kind of the first one names the joint span."""
    out: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]), out[-1][2])
        else:
            out.append((start, end, kind))
    return out
