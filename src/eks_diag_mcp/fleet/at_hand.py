"""Which bundles a fleet question is about: those at hand, by cluster, instance and time of capture."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..bundle.published import Published, published
from ..errors import DiagError
from ..model import Window
from .compact import Compact
from .held import SPENT, UNREADABLE, Held, why_not
from .whose import in_ledger, whose

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..bundle.library import Library

ANY_TIME = Window(None, None, "")


@dataclass(frozen=True, slots=True)
class Ask:
    """Which bundles are meant. Without `captured` the newest of each instance, else all that were captured then. No
    instances: all. `ledger` is the cluster by digest as collections were checked for it."""

    cluster: str | None = None
    instances: frozenset[str] = frozenset()
    captured: Window = ANY_TIME
    ledger: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Hand:
    """The bundles that were found. `unreadable`: instance -> why its bundles cannot answer; `of_nobody`: instances that were
    left out because nothing tells their cluster; `unknown`: instances that were asked for and have no bundle here."""

    held: list[Held] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    of_nobody: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def instances(self) -> list[str]:
        """The nodes, sorted."""
        return sorted({held.instance_id for held in self.held})


class AtHand:
    """The bundles of a library for one question."""

    def __init__(self, library: "Library", ask: Ask, check: Callable[[], None], spent: Callable[[], bool]) -> None:
        self._library, self._ask, self._check, self._spent = library, ask, check, spent
        self._compact = Compact.read(library)
        self._hand = Hand()

    def chosen(self) -> Hand:
        """Those that the question is about, by instance, the newest first."""
        ask, hand = self._ask, self._hand
        listed = published(self._library)
        by_instance = self._by_opening() if listed is None else self._by_listing(listed)
        for every in by_instance:
            self._check()
            inside = [held for held in every if ask.captured.contains(held.captured)]
            inside.sort(key=lambda held: (held.captured, held.digest), reverse=True)
            hand.held += [held for held in inside[: 1 if ask.captured.whole else None] if self._of_cluster(held)]
        return hand

    def _of_cluster(self, held: Held) -> bool:
        if self._ask.cluster is None:
            return True
        try:
            told = held.whose
        except UNREADABLE as error:
            self._hand.unreadable[held.instance_id] = why_not(error)
            return False
        if told.cluster is None:
            self._hand.of_nobody.append(held.instance_id)
        return told.cluster == self._ask.cluster

    # ---- from the listing -----------------------------------------------------------------------------------------------
    def _by_listing(self, listed: list[Published]) -> Iterator[list[Held]]:
        """One listing and the compact file; only what the file does not hold is opened."""
        groups: dict[str, list[Published]] = {}
        for one in listed:
            groups.setdefault(one.instance_id, []).append(one)
        wanted = self._named(groups)
        for name in wanted:
            group = groups[name]
            if all(self._compact.has(one.digest, "stamp", one.stamp) for one in group):
                yield [self._compact.held(o.digest, in_ledger(o.digest, self._ask.ledger)) for o in group]
            else:
                yield self._opened(name)

    def _named(self, groups: Mapping[str, object]) -> list[str]:
        """The instances that were asked for; those named by an alias are looked up in the manifests, all in one pass."""
        if not self._ask.instances:
            return list(groups)
        names, missing = set(self._ask.instances & groups.keys()), set(self._ask.instances - groups.keys())
        for name in groups:
            if not missing or self._spent():
                break
            self._check()
            with contextlib.suppress(*UNREADABLE):  # what cannot be read is told where it is asked for by its id
                for bundle in self._library.bundles(name):
                    if named := missing.intersection(bundle.manifest.aliases):
                        names.add(name)
                        missing -= named
        self._hand.unknown = sorted(missing)
        return sorted(names)

    # ---- bundle by bundle -----------------------------------------------------------------------------------------------
    def _by_opening(self) -> Iterator[list[Held]]:
        """Each bundle is asked for, so that a library that shows some only is obeyed."""
        every = dict.fromkeys(self._library.instances())
        for name in self._named(every):
            yield self._opened(name)

    def _opened(self, name: str) -> list[Held]:
        try:
            if self._spent():
                raise DiagError(SPENT)
            return [self._of(bundle) for bundle in self._library.bundles(name)]
        except UNREADABLE as error:
            self._hand.unreadable[name] = why_not(error)
            return []

    def _of(self, bundle: "Bundle") -> Held:
        ledger, digest = self._ask.ledger, bundle.digest
        if self._compact.has(digest, "signatures", bundle.manifest.signatures):  # the same text and rules: the same findings
            return Held.of(bundle, lambda: whose(bundle, ledger), lambda: self._compact.rows(digest))
        return Held.of(bundle, lambda: whose(bundle, ledger))


def at_hand(
    library: "Library", ask: Ask, check: Callable[[], None] = lambda: None, spent: Callable[[], bool] = lambda: False
) -> Hand:
    """The bundles that the question is about. No text is read, and no findings yet. Where the time is `spent`, bundles that
    must be opened are told as unreadable."""
    return AtHand(library, ask, check, spent).chosen()
