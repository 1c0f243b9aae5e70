"""The sections there are, in the order in which they are shown. A new section is a file with `read` and a row here."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..model import NodeFacts, Section
from . import cni, eni, ipamd

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

ReadSection = Callable[["Bundle", NodeFacts | None], Section]

SECTIONS: tuple[tuple[str, ReadSection], ...] = (
    ("cni", cni.read),
    ("ipamd", ipamd.read),
    ("eni", eni.read),
)
