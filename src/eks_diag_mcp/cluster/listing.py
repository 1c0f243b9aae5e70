"""Lists of Kubernetes objects as digests: a stretch of up to 1,000 objects at a time, what is wrong first.

The API gives objects in the order of their names. A reader wants the broken ones, and how many there are; so a stretch is
read as a whole, counted and put in order, and pages are cut from it. Larger lists go on stretch by stretch."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..cloud.kinds import Kind
from ..cloud.kube import Kube
from ..errors import BadInput
from .digest import Digest
from .workloads import digest_of

STRETCH = 1_000
_CALL = 500
_CONTINUE = re.compile(r"[A-Za-z0-9_=+/-]{1,2000}")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects."""

    cluster: str
    kind: Kind
    namespace: str | None = None
    labels: str | None = None
    fields: str | None = None

    @property
    def mark(self) -> str:
        """Short for the selection, so that a token is used with its own list only."""
        said = json.dumps([self.cluster, self.kind.kind, self.kind.api, self.namespace, self.labels, self.fields])
        return hashlib.sha256(said.encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: the API's own token for the stretch, how many objects came before it, and how many of the
    stretch were shown."""

    token: str | None = None
    before: int = 0
    shown: int = 0

    def write(self, selection: Selection) -> str:
        """As an opaque page token."""
        said = json.dumps([selection.mark, self.token, self.before, self.shown], separators=(",", ":"))
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str | None, selection: Selection) -> "Place":
        """From a page token. BadInput where it is none of this list's."""
        if not text:
            return cls()
        try:
            said = json.loads(base64.b64decode(text[:4000] + "=" * (-len(text) % 4), b"-_", validate=True))
            mark, token, before, shown = said
        except (ValueError, RecursionError, TypeError) as error:
            raise _refused() from error
        numbers = all(type(n) is int and 0 <= n < 10**9 for n in (before, shown))
        if mark != selection.mark or not numbers or not (token is None or (isinstance(token, str) and _CONTINUE.fullmatch(token))):
            raise _refused()
        return cls(token, before, shown)


def _refused() -> BadInput:
    return BadInput("pageToken is not one that this list gave.", "Repeat the call with the same arguments and without it.")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Digests of a stretch, what is wrong first. `counts` by status. `total` of the whole list, None where the API does
    not tell (with selectors it does not). `following`: where the next stretch begins."""

    digests: tuple[Digest, ...]
    counts: dict[str, int]
    place: Place
    total: int | None
    following: Place | None

    def after(self, shown: int) -> Place | None:
        """The place after `shown` more of this stretch; None at the end of the list."""
        done = self.place.shown + shown
        return replace(self.place, shown=done) if done < len(self.digests) else self.following


def read_stretch(kube: Kube, selection: Selection, place: Place, checkpoint: Callable[[], None]) -> Stretch:
    """The stretch that begins at that place."""
    digests: list[Digest] = []
    token, left = place.token, None
    while True:
        checkpoint()
        page = kube.page(
            selection.kind,
            namespace=selection.namespace,
            labels=selection.labels,
            fields=selection.fields,
            limit=_CALL,
            token=token,
        )
        digests += [digest_of(selection.kind.kind, item) for item in page.get("items") or ()]
        meta = page.get("metadata") or {}
        token, left = meta.get("continue") or None, meta.get("remainingItemCount")
        if token is None or len(digests) >= STRETCH:
            break
    seen = place.before + len(digests)
    return Stretch(
        digests=tuple(sorted(digests, key=_rank)),
        counts=dict(Counter(d.status for d in digests).most_common()),
        place=place,
        total=seen if token is None else seen + left if isinstance(left, int) else None,
        following=Place(token, seen) if token else None,
    )


def _rank(digest: Digest) -> int:
    """What is wrong first; sorting is stable, so names keep their order."""
    return {False: 0, None: 1, True: 2}[digest.ok]
