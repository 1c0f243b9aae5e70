"""Single files of a bundle that a scenario wants otherwise: a fuller disk, a lower limit, an answer of another kind."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Change:
    """One file. `text` is all of it; `replace` swaps passages that must be there; `append` is added at the end."""

    file: str
    text: str = ""
    replace: dict[str, str] = field(default_factory=dict)
    append: str = ""

    def of(self, before: str) -> str:
        """The file as it is wanted. Raises ValueError for a passage that is not in it."""
        after = self.text or before
        for old, new in self.replace.items():
            if old not in after:
                raise ValueError(f"{self.file} holds no {old!r}")
            after = after.replace(old, new)
        return after + self.append
