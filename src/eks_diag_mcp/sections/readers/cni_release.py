"""Which VPC CNI release runs, and which image it came from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import LineRef
from .cni_settings import Settings
from .pool_log import SOURCES
from .state_files import PrometheusRead, line_at

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_VERSION = re.compile(r"v?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[-+][\w.]{1,40})?", re.ASCII)
_IMAGE = re.compile(r"\S{0,200}amazon-k8s-cni:(v\d[\w.-]{1,60})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Release:
    """A release: `text` like v1.20.4, `number` to compare, and where it was read."""

    text: str
    number: tuple[int, int, int]
    origin: str
    ref: LineRef | None


def release_of(text: str) -> tuple[str, tuple[int, int, int]] | None:
    """(v1.20.4, (1, 20, 4)) from `v1.20.4-eksbuild.1` and the like; None where there is no version in it."""
    found = _VERSION.search(text)
    if found is None:
        return None
    number = (int(found[1]), int(found[2]), int(found[3]))
    return "v" + ".".join(map(str, number)), number


def read_release(bundle: "Bundle", settings: Settings, metrics: PrometheusRead) -> Release | None:
    """The running release: by its own metric, its newest start line, its environment, its image. None where none of
    these is in the bundle, and where only images of several releases are."""
    for origin, text, ref in _claims(bundle, settings, metrics):
        if found := release_of(text):
            return Release(*found, origin, ref)
    return None


def _claims(bundle: "Bundle", settings: Settings, metrics: PrometheusRead) -> Iterator[tuple[str, str, LineRef | None]]:
    if info := metrics.one("awscni_build_info"):
        yield "metrics", info.labels.get("version", ""), metrics.ref(info)
    if start := bundle.latest(r"Starting L-IPAMD v?\d", SOURCES):
        yield "ipamd start line", start.text[start.text.lower().find("starting l-ipamd") :], start.ref
    named = settings.get("VPC_CNI_VERSION")
    yield "container spec", named.value, named.ref
    image, ref = read_image(bundle, settings)
    if image:
        yield "image tag", image.rpartition(":")[2], ref


def read_image(bundle: "Bundle", settings: Settings) -> tuple[str | None, LineRef | None]:
    """The image of aws-node: of its container, else the one image of that name containerd has (None with several)."""
    if settings.container and (found := _IMAGE.search(settings.container.image)):
        variable = next(iter(settings.container.env.values()))
        return found[0], variable.ref
    found_images = {
        match[0]: LineRef(file.path, line_at(file.text, match.start()))
        for file in bundle.texts("containerd-state")
        if file.path.endswith("containerd-images.txt")
        for match in _IMAGE.finditer(file.text)
    }
    return next(iter(found_images.items())) if len(found_images) == 1 else (None, None)
