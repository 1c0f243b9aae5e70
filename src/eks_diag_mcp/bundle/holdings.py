"""Holdings: what a library holds, how much room it takes, and which bundles go first when room is needed."""

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from ..errors import BadBundle
from .bundle import Bundle
from .home import Place
from .library import Library
from .store import VERSION

_AT_A_TIME = 8
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Holding:
    """A bundle as a thing that takes room. `age_s`: since it was admitted, by the clock of the place where it lies.
    `bundle` is None, and `damage` says why, where its manifest cannot be read."""

    place: Place
    bytes: int
    age_s: float
    bundle: Bundle | None = None
    damage: str = ""

    @property
    def captured(self) -> datetime | None:
        """When its evidence was collected; None where that cannot be read."""
        return self.bundle.captured if self.bundle else None


@dataclass(frozen=True, slots=True)
class Limits:
    """What may stay; None: no limit."""

    most_age_s: float | None = None
    most_bytes: int | None = None


def holdings(library: Library, instance: str | None = None) -> list[Holding]:
    """All bundles (of an instance), the oldest first."""
    sizes: dict[tuple[str, str], int] = {}
    ages: dict[tuple[str, str], float] = {}
    for stored in library.home.objects.list(f"{VERSION}/instance={instance}/" if instance else f"{VERSION}/instance="):
        if place := Place.of(stored.name):
            key = (place.instance, place.digest)
            sizes[key] = sizes.get(key, 0) + stored.size
            ages[key] = max(ages.get(key, 0.0), stored.age_s)  # text is never written again, other files may be

    def held(place: Place) -> Holding:
        key = (place.instance, place.digest)
        try:
            return Holding(place, sizes.get(key, 0), ages.get(key, 0.0), library.open(place))
        except BadBundle as error:
            return Holding(place, sizes.get(key, 0), ages.get(key, 0.0), damage=error.message)

    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="holdings") as pool:
        found = list(pool.map(held, library.home.places(instance)))
    return sorted(found, key=lambda h: h.age_s, reverse=True)


def surplus(held: Iterable[Holding], limits: Limits, but: Collection[str] = ()) -> list[Holding]:
    """What goes beyond the limits, in the order in which it goes: the oldest first, and the newest capture of each node after
    all others. Bundles of the digests in `but` take room and stay."""
    found = list(held)
    newest = {h.place.instance: h for h in sorted(found, key=lambda h: (h.captured is not None, h.captured or 0))}
    order = sorted(found, key=lambda h: (newest[h.place.instance] is h, -h.age_s))
    left, going = sum(h.bytes for h in found), []
    for holding in (h for h in order if h.place.digest not in but):
        old = limits.most_age_s is not None and holding.age_s > limits.most_age_s
        if old or (limits.most_bytes is not None and left > limits.most_bytes):
            going.append(holding)
            left -= holding.bytes
    return going
