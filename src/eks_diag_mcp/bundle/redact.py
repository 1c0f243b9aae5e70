"""Masks secrets before anything is stored (threats.md 9).

Spans are found on the original line, merged, and then rewritten at once: rewriting one kind after another can cut a token
in two and leave half of it. A placeholder is numbered by a random key of this one admit that is never stored, so equal
secrets can be told to be equal inside a bundle, and nowhere else."""

import hashlib
import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import regex

VERSION = 2
"""Stands in the manifest; a bundle masked by an older version is worth admitting anew."""

_SEPARATOR = r"\\*[\"']?\s{0,3}(?::=|[:=]>?|>)\s{0,3}"
"""What stands between a name and its value: = : => := and JSON's quotes (escaped or not); > of an XML tag."""
_VALUE = r"(?P<q>\\*[\"'])?(?P<s>(?(q)(?:(?!(?P=q))(?:\\+.|[^\n]))+|(?:[^\s\"'\\<]|\\(?![\"'nrtu\\]))+))"
"""Up to the closing quote where one opens it, else up to white space. A value that is too much masked hurts nobody."""
_NAMES = (
    r"password|passwd|secret[_-]?access[_-]?key|secret[_-]?key|client[_-]?secret|api[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token"
    r"|id[_-]?token|session[_-]?token|security[_-]?token|private[_-]?key|client-key-data|bearer[_-]?token|identitytoken|registrytoken"
)
_PLAIN = (
    r"\\*[\"']?(?:true|false|yes|no|null|none|nil|<[^>\n]{0,80}>|\*+|[\[{(|>]+|\{\w{1,40}:|\d{1,3}|/[a-z][a-z0-9._-]*(?:/[\w.-]+){0,40}/?|\$\{?\w{1,100}\}?|https?://[^\s:@\"']{0,500})"
    r"(?:[\s\"'\\,;&}\])<]|$)"
)
"""Values that are none: words of settings, paths, references to an environment variable, addresses without credentials."""


@dataclass(frozen=True, slots=True)
class SecretKind:
    """A kind of secret. `pattern` masks group `s` where it has one, else the whole match; `trigger` is the part that the
    fast scan looks for (no look-around)."""

    name: str
    pattern: str
    trigger: str


KINDS: tuple[SecretKind, ...] = (
    SecretKind("aws-key", r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    SecretKind("jwt", r"eyJ[\w-]{8,600}\.eyJ[\w-]{4,}(?:\.[\w-]*)?", r"eyJ[\w-]{8,600}\.eyJ"),
    SecretKind("eks-token", r"k8s-aws-v1\.[\w=-]{8,}", r"k8s-aws-v1\."),
    SecretKind("registry-token", r"\b(?:eyJwYXlsb2Fk|QVdTOmV5)[\w+/=-]{20,}", r"(?:eyJwYXlsb2Fk|QVdTOmV5)[\w+/=-]{20}"),
    SecretKind(
        "url-signature",
        r"(?i)\bX-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D)(?P<s>[^\s&\"'\\<>]{8,})",
        r"X-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D)",
    ),
    SecretKind(
        "url-signature",
        r"(?i)[?&](?:Signature|sig|AWSAccessKeyId)=(?P<s>[^\s&\"'\\<>]{8,})",
        r"[?&](?:Signature|sig|AWSAccessKeyId)=",
    ),
    SecretKind(
        "authorization",
        r"(?i)authorization\\*[\"']?\s{0,3}[:=]\s{0,3}\[?\\*[\"']?(?:Bearer|Basic)\s+(?P<s>[^\s\"'\\\]]{4,})",
        r"authorization\\*[\"']?\s{0,3}[:=]",
    ),
    SecretKind("url-signature", r"(?i)\bSignature=(?P<s>[0-9a-f]{32,})", r"Signature=[0-9a-f]{32}"),
    SecretKind("bearer", r"(?i)\bbearer\s+(?P<s>[\w.~+/=-]{20,})", r"bearer\s+[\w.~+/=-]{20}"),
    SecretKind(
        "url-password",
        r"(?i)[a-z0-9+.-]://[^\s/:@\"']{0,128}:(?!\d{1,5}[/?#])(?P<s>[^\s\"']{1,256})@(?=[\w.-]{1,253}(?:[:/?,;\s\"'\\]|$))",
        r"[a-z0-9+.-]://[^\s/:@\"']{0,128}:[^\s\"']{1,256}@",
    ),
    SecretKind("docker-auth", r"(?i)\\*[\"']auth\\*[\"']\s*:\s*\\*[\"'](?P<s>[A-Za-z0-9+/=]{8,})", r"[\"']auth\\*[\"']\s*:"),
    SecretKind(
        "named-secret",
        rf"(?i)(?<!\[masked:)(?<!\[masked:url-)(?:{_NAMES}){_SEPARATOR}(?!{_PLAIN}){_VALUE}",
        rf"(?:{_NAMES}){_SEPARATOR}",
    ),
    SecretKind("named-secret", rf"(?i)--(?:{_NAMES}|token)[ =]+(?!{_PLAIN}){_VALUE}", rf"--(?:{_NAMES}|token)[ =]"),
    SecretKind(
        "named-secret",
        rf"(?i)(?:^|[\s{{,\[\"'_-])(?:token|auth)\\*[\"']?\s{{0,3}}[:=]\s{{0,3}}(?!{_PLAIN})\\*[\"']?(?P<s>[\w.+/=-]{{24,}})",
        r"(?:token|auth)\\*[\"']?\s{0,3}[:=]\s{0,3}\\*[\"']?[\w.+/=-]{24}",
    ),
    SecretKind(
        "name-value-secret",
        rf"(?i)[\"']name\\*[\"']\s*:\s*\\*[\"'][\w.-]{{0,200}}(?:{_NAMES}|token)\\*[\"']\s*,\s*\\*[\"']value\\*[\"']\s*:\s*(?!{_PLAIN})\\*[\"'](?P<s>[^\"'\\]{{4,}})",
        rf"[\"']name\\*[\"']\s*:\s*\\*[\"'][\w.-]{{0,200}}(?:{_NAMES}|token)",
    ),
    SecretKind(
        "private-key",
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?P<s>.*?)(?:-----END|$)",
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
    ),
    SecretKind(
        "service-token",
        r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|xox[abps]-[\w-]{10,}|glpat-[\w-]{15,})",
        r"(?:gh[pousr]_[A-Za-z0-9]{20}|xox[abps]-[\w-]{10}|glpat-[\w-]{15})",
    ),
    SecretKind("base64-key", r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]{20,}", r"LS0tLS1CRUdJTi"),
)
# `regex` finds the start of many alternatives ten times as fast as `re`, which counts on lines of megabytes.
_COMPILED: tuple[tuple[str, Any], ...] = tuple((kind.name, regex.compile(kind.pattern)) for kind in KINDS)
ALL = frozenset(range(len(KINDS)))
_MASKED = re.compile(r"\[masked:[a-z0-9-]+:[0-9a-f]{6}\]?")
_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY-----")
_KEY_LINE = re.compile(r"(?:^|(?<=[\s:|>\"']))[A-Za-z0-9+/]{1,200}={0,2}(?=(?:\\[nr])*[\"']?\s*$)")
"""The base64 that ends a line of a key; before it may stand what a log puts in front of each line."""
_KEY_WIDTH = 40
_LONGEST_KEY_LINE = 4096
_AFTER_BEGIN, _AFTER_KEY_LINE = 4, 5
"""Lines that may pass without any of the key (headers of an encrypted one, another program's lines) before it is given up."""


def secret_spans(line: str, kinds: Collection[int] = ALL) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of each secret in the line, as found on the original text. `kinds`: the places in KINDS of those
    whose trigger the line holds."""
    for name, pattern in (_COMPILED[kind] for kind in sorted(kinds)):
        for match in pattern.finditer(line):
            start, end = match.span("s" if "s" in pattern.groupindex else 0)
            if name == "named-secret":
                end = start + len(line[start:end].rstrip(",;)}]"))
            if end > start and not _MASKED.fullmatch(line, start, end):
                yield start, end, name


class Redactor:
    """Masks the lines of one admit. `masked` counts the secrets rewritten."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self.masked = 0

    def mask(self, secret: str, kind: str) -> str:
        """What stands for that secret: `[masked:kind:tag]`."""
        self.masked += 1
        tag = hashlib.blake2b(secret.encode("utf-8", "replace"), key=self._key, digest_size=3).hexdigest()
        return f"[masked:{kind}:{tag}]"

    def line(self, text: str, kinds: Collection[int] = ALL) -> str:
        """The line with each secret replaced."""
        parts, at = [], 0
        for start, end, kind in merged(secret_spans(text, kinds)):
            parts += [text[at:start], self.mask(text[start:end], kind)]
            at = end
        return "".join([*parts, text[at:]]) if parts else text

    def block_line(self, text: str, patience: int, kinds: Collection[int] = ALL) -> tuple[str, int]:
        """As `line`, for one line of a file in which a PEM private key may run over several lines. `patience`: how many
        lines without any of the key may still pass (0: there is no key); the second value is that for the next line."""
        ended = _END.search(text)
        if _BEGIN.search(text):
            return self.line(text, kinds), 0 if ended else _AFTER_BEGIN
        if not patience or ended:
            return self.line(text, kinds), 0
        text = self.line(text, kinds)
        found = _KEY_LINE.search(text) if len(text) <= _LONGEST_KEY_LINE else None
        # The last line of a key is short; only behind another line of the key is a short word taken for it.
        if found is None or (len(found[0]) < _KEY_WIDTH and patience != _AFTER_KEY_LINE):
            return text, min(patience, _AFTER_BEGIN) - 1
        return text[: found.start()] + self.mask(found[0], "private-key") + text[found.end() :], _AFTER_KEY_LINE


def merged(spans: Iterator[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Overlapping spans joined; the kind of the first one names the joint span."""
    out: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]), out[-1][2])
        else:
            out.append((start, end, kind))
    return out
