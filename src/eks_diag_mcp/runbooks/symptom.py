"""What a symptom says: the words of it, the known lines it is, the causes that stand behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..diagnose.causes import causes
from .alerts import alert_in
from .conditions import cause_by_title
from .stems import stems
from .tie import causes_behind
from .wording import named_causes

LONGEST = 4_000
"""Characters of a symptom that are looked at; triggers may hold `.*`, which costs by length."""
_PHRASE = 6  # characters below which a phrase stands in too many triggers
_LINE = 12  # characters from which a text may be a line of a log
_ECHO, _HINT = 0.7, 0.6  # how far an echo line, or a title's words, tell the cause
_LATER = 0.15  # what a line tells of its second cause is less, and so on


@dataclass(frozen=True, slots=True)
class Symptom:
    """`text` as given; `words` its stems; `phrases` its alternatives, in lower case, where it is a pattern of such; `causes` ->
    (how sure, 0 to 1, and why)."""

    text: str
    words: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()
    causes: Mapping[str, tuple[float, str]] = field(default_factory=dict)


def symptom_of(text: str, given: Iterable[tuple[str, str]] = ()) -> Symptom:
    """A symptom read. `given` are causes that the caller knows to stand behind it, the likeliest first, with why."""
    shown = text[:LONGEST].strip().strip("`")
    found: dict[str, tuple[float, str]] = {}
    for place, (cause, why) in enumerate(given):
        _add(found, cause, 1.0 - place * _LATER, why)
    _from_names(found, shown)
    alert = alert_in(shown)
    if alert is not None:
        for place, cause in enumerate(alert.causes):
            _add(found, cause, 1.0 - place * _LATER, f"alert {alert.name}")
    if len(shown) >= _LINE and not found:
        _from_lines(found, shown)
    if not found and (title := cause_by_title(shown)):
        _add(found, title, _HINT, f"words of {title}")
    return Symptom(shown, stems(f"{shown} {alert.says if alert else ''}"), _phrases(shown), found)


def _phrases(text: str) -> tuple[str, ...]:
    choices = (choice.strip().casefold() for choice in text.split("|")) if "\n" not in text else ()
    return tuple(choice for choice in choices if len(choice) >= _PHRASE and stems(choice))


def _add(found: dict[str, tuple[float, str]], cause: str, sure: float, why: str) -> None:
    if sure > max(0.1, found.get(cause, (0.0, ""))[0]):
        found[cause] = (sure, why)


def _from_names(found: dict[str, tuple[float, str]], text: str) -> None:
    """Ids of causes and signatures that the text is, or names."""
    from ..signatures.catalogue import catalogue

    whole = text.strip("\"'")
    signature = catalogue().by_id.get(whole)
    if whole in causes().by_id:
        _add(found, whole, 1.0, f"cause {whole}")
    elif signature is not None:
        for place, cause in enumerate(signature.row.speaks_for):
            _add(found, cause, 1.0 - place * _LATER, f"cause {cause}")
    for cause in named_causes(text):
        _add(found, cause, 1.0, f"cause {cause}")


def _from_lines(found: dict[str, tuple[float, str]], text: str) -> None:
    """Each line that a signature knows speaks for its causes."""
    from ..signatures.catalogue import catalogue

    for line in text.splitlines()[:20]:
        for row in catalogue().rows:
            if row.row.role != "context" and row.hits(line):
                base = (1.0 if row.row.role == "cause" else _ECHO) * min(1.0, 0.7 + row.row.weight * 0.06)
                for place, cause in enumerate(causes_behind(row.row.id)):
                    _add(found, cause, base - place * _LATER, f"known line of {cause}")
