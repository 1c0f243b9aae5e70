"""A strict reader of the HTML that the report writes: every tag closed in order, every attribute known."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "br", "hr", "img", "link", "input"}


@dataclass
class Read:
    """What stands in a document."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    faults: list[str] = field(default_factory=list)

    def all(self, *names: str) -> list[dict[str, str | None]]:
        """The attributes of every element of those names."""
        return [attributes for tag, attributes in self.tags if tag in names]

    def values(self, name: str) -> list[str]:
        """All values of an attribute, in order."""
        return [a[name] or "" for _, a in self.tags if name in a]

    @property
    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _ in self.tags if tag in ("h1", "h2", "h3", "h4")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read, self.open = Read(), []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.read.faults.append(f"<{tag}> names an attribute twice")
        self.read.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.read.faults.append(f"</{tag}> closes {self.open[-1] if self.open else 'nothing'} at {self.getpos()}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "script" not in self.open:
            self.read.text += data


def read(document: str) -> Read:
    """The document, read; `faults` is empty for a well-formed one."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    reader.read.faults += [f"<{tag}> is never closed" for tag in reader.open]
    return reader.read
