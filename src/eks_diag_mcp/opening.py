"""The library as settings say: by a server, and by each worker of a fleet, which gets the settings and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .config import BucketPlace, Settings
from .errors import BadInput
from .runbooks.library import Shelf
from .runbooks.queries import queries_of

if TYPE_CHECKING:
    from .bundle.home import Home
    from .bundle.library import Library


def open_library(settings: Settings, queries: Callable[[], tuple[str, ...]] | None = None) -> "Library":
    """The store of those settings. `queries`: the runbooks' own searches; those of the settings' runbooks if left out."""
    from .bundle.library import Library
    from .signatures.catalogue import catalogue

    library = Library(
        home_of(settings),
        lambda: (catalogue().rows, catalogue().digest),
        queries=queries or _own_queries(settings),
        patterns=settings.patterns,
    )
    if settings.keep_days is not None or settings.keep_bytes is not None:
        from .bundle.holdings import DAY_S, Limits
        from .housekeeping import Housekeeping

        age_s = settings.keep_days * DAY_S if settings.keep_days is not None else None
        keeper, limits = Housekeeping(library), Limits(age_s, settings.keep_bytes)
        library.on_admitted = lambda bundle: keeper.keep_within(limits, bundle)
    return library


def _own_queries(settings: Settings) -> Callable[[], tuple[str, ...]]:
    shelf = Shelf(*settings.sops)
    return lambda: queries_of(shelf.current().sops)


def home_of(settings: Settings) -> "Home":
    """Where the library's bundles live. BadInput where a bucket is named and no region or no folder for its mirror is."""
    from .bundle.home import FolderHome

    place = settings.library
    return FolderHome(place) if isinstance(place, Path) else _bucket(settings, place)


def _bucket(settings: Settings, place: BucketPlace) -> "Home":
    from .bundle.object_home import ObjectHome
    from .cloud.aws import Aws, AwsConfig
    from .cloud.s3_store import S3Store

    if settings.library_cache is None:
        raise BadInput("A library in a bucket needs a folder of this machine.", "Set EKS_DIAG_LIBRARY_CACHE.")
    aws = Aws(AwsConfig.of(settings))
    store = S3Store(aws, aws.region(None), place.bucket, place.prefix)
    own = "_".join((place.bucket, *filter(None, place.prefix.split("/"))))
    return ObjectHome(store, settings.library_cache / own)
