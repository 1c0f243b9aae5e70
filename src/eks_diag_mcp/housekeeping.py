"""Housekeeping: bundles leave the library together with what was kept about them."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .bundle.bundle import Bundle
from .bundle.holdings import Holding, Limits, holdings, surplus
from .bundle.home import names_of
from .bundle.library import Library
from .bundle.records import COLLECTIONS, SEARCHES, Records
from .errors import DiagError
from .ledger import Ledger, key_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes, in that order, and what would go but for a process that works on it."""

    going: list[Holding]
    leased: list[Holding]


class Housekeeping:
    """Of one library."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.ledger = Ledger(Records(lambda: library.home.objects, COLLECTIONS))
        self._searches = Records(lambda: library.home.objects, SEARCHES)

    def plan(self, limits: Limits, instance: str | None = None, *, but: Collection[str] = ()) -> Plan:
        """What goes beyond the limits. Bundles of the digests in `but` stay."""
        return self.released(surplus(holdings(self.library, instance), limits, but))

    def released(self, chosen: Iterable[Holding]) -> Plan:
        """Those that nobody works on, and those that somebody does."""
        chosen = list(chosen)
        claims = self._claims() if chosen else {}
        held = [h for h in chosen if any(self._held(c) for c in self._names(h, claims))]
        return Plan([h for h in chosen if h not in held], held)

    def _held(self, claim: str) -> bool:
        return self.library.lease(claim).held_elsewhere()

    def _names(self, holding: Holding, claims: dict[str, list[str]]) -> list[str]:
        digest = holding.place.digest
        return [digest, f"publish-{digest}", *claims.get(digest, ())]

    def _claims(self) -> dict[str, list[str]]:
        """digest -> the claims under which collections of it are taken in."""
        found: dict[str, list[str]] = {}
        for entry in self.ledger.entries():
            if entry.digest:
                found.setdefault(entry.digest, []).append(key_of(entry.execution_id))
        return found

    def purge(self, going: Iterable[Holding]) -> None:
        """Remove bundles, what this machine keeps of them, and the collections and searches that name them."""
        objects, gone = self.library.home.objects, set()
        for holding in going:
            objects.delete(names_of(objects, holding.place.prefix))
            self.library.home.forget(holding.place)
            gone.add(holding.place.digest)
        if gone:
            self.ledger.forget(gone)
            self._searches.delete([key for key, told in self._searches.all() if told.get("digest") in gone])

    def keep_within(self, limits: Limits, admitted: Bundle) -> None:
        """After an admit: the limits hold again, and the bundle just admitted stays. What fails is told in the log: the admit
        itself has succeeded."""
        try:
            plan = self.plan(limits, but={admitted.digest})
            self.purge(plan.going)
        except DiagError as error:
            _log.warning("the library could not be kept within its limits: %s", error)
            return
        for holding in plan.going:
            _log.info("bundle %s of %s is purged", holding.place.digest[:12], holding.place.instance)
