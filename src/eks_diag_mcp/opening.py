"""The library as settings say: by a server, and by each worker of a fleet, which gets the settings and nothing else."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .config import Settings
from .runbooks.library import Shelf
from .runbooks.queries import queries_of

if TYPE_CHECKING:
    from .bundle.library import Library


def open_library(settings: Settings, queries: Callable[[], tuple[str, ...]] | None = None) -> "Library":
    """The store of those settings. `queries`: the runbooks' own searches; those of the settings' runbooks if left out."""
    from .bundle.library import Library
    from .signatures.catalogue import catalogue

    shelf = Shelf(*settings.sops)
    return Library(
        settings.library,
        lambda: (catalogue().rows, catalogue().digest),
        queries=queries or (lambda: queries_of(shelf.current().sops)),
        patterns=settings.patterns,
    )
