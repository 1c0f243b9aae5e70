"""What a tool works with: the app, how to stop and report, and the common readings of arguments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..app import App
from ..errors import BadInput
from ..model import Window
from ..quoting import clean, one_line

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..bundle.search import Budget

DEFAULT_BUDGET_S = 4.5
PAGE_CHARS = 9_000
Progress = Callable[[float, float | None, str], None]


@dataclass(frozen=True, slots=True)
class Room:
    """One call's view of the house. `checkpoint` raises when the client gave the call up."""

    app: App
    checkpoint: Callable[[], None] = lambda: None
    progress: Progress = lambda _done, _total, _message: None
    confirm: Callable[[str], bool | None] = lambda _question: None
    """Asks the person behind the client; None where the client cannot ask."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Tools that runbooks name and this version lacks: what to do instead."""
    patience_s: float = 35.0
    """How long one call may look at a whole cluster."""

    def bundle(self, instance_id: str | None) -> "tuple[Bundle, str | None]":
        """The bundle meant and a note when the instance was not named."""
        bundle, note = self.app.bundle(instance_id)
        return bundle, note or None

    def budget(self, seconds: float = DEFAULT_BUDGET_S) -> "Budget":
        """The time this call may take."""
        from ..bundle.search import Budget

        return Budget(self.app.now, self.app.now() + seconds, self.checkpoint)


def moment(text: str, name: str) -> datetime:
    """A time from ISO 8601 or epoch seconds or milliseconds."""
    value = text.strip()
    try:
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        time = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError as error:
        raise BadInput(
            f"{name} is no time: {one_line(value, 60)!r}.", "Use ISO 8601 (2026-11-20T14:30:00Z) or epoch seconds."
        ) from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def window(start: str | None, end: str | None, incident: str | None) -> Window:
    """The window that the arguments ask for; the whole bundle by default."""
    if incident:
        time = moment(incident, "incidentTime")
        return Window(time - timedelta(minutes=5), time + timedelta(minutes=5), "5 minutes around incidentTime")
    if not start and not end:
        return Window(None, None, "the whole bundle")
    found = Window(
        moment(start, "startTime") if start else None, moment(end, "endTime") if end else None, "startTime and endTime as given"
    )
    if found.start and found.end and found.start >= found.end:
        raise BadInput("startTime is not before endTime.", "Swap them or widen the window.")
    return found


def stamp(time: datetime | None) -> str | None:
    """A time as answers write it: UTC, seconds, milliseconds only where they differ from zero."""
    if time is None:
        return None
    spec = "milliseconds" if time.microsecond >= 1000 else "seconds"
    return time.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def shown(text: str, limit: int = 400) -> str:
    """Log text as it may be shown."""
    return clean(text, limit)
