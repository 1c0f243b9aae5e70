"""Reads the one body that kubectl sends as protobuf: a review about oneself, in Kubernetes' envelope."""

from collections.abc import Iterator
from typing import Any

MAGIC = b"k8s\0"
MEDIA = "application/vnd.kubernetes.protobuf"
RESOURCE = {1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource", 7: "name"}
"""Field numbers of authorization.k8s.io/v1 ResourceAttributes."""
OTHER = {1: "path", 2: "verb"}


def review(body: bytes) -> dict[str, Any]:
    """The review in `body` as JSON has it. Raises ValueError for what is no such body."""
    if not body.startswith(MAGIC):
        raise ValueError("no Kubernetes protobuf")
    envelope = dict(_fields(body[len(MAGIC) :]))
    about = {number: value.decode() for number, value in _fields(envelope[1])}
    out: dict[str, Any] = {"apiVersion": about[1], "kind": about[2]}
    parts = dict(_fields(envelope.get(2, b"")))
    spec = dict(_fields(parts.get(2, b"")))
    for number, name, words in ((1, "resourceAttributes", RESOURCE), (2, "nonResourceAttributes", OTHER)):
        if number in spec:
            told = {words[n]: value.decode() for n, value in _fields(spec[number]) if n in words}
            out.setdefault("spec", {})[name] = told
    return out


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every length-delimited field; others are skipped."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 == 0:
            _, at = _varint(data, at)
        elif tag & 7 == 2:
            size, at = _varint(data, at)
            yield tag >> 3, data[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {tag & 7}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
