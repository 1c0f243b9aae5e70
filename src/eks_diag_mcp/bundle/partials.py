"""Lines that the container runtime cut at 16 KB (CRI tag P): put together again, to be read as the program wrote them."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from .redact import Redactor, merged, secret_spans

_CRI = re.compile(rb"\S{20,45} (stdout|stderr) ([FP]) ")
_MARKS = (b" stdout P ", b" stderr P ")


@dataclass(slots=True)
class Joined:
    """One message over several lines of a block. `parts`: (line index, bytes of the line that are not its text), in order;
    the first part keeps its stamp."""

    parts: list[tuple[int, int]] = field(default_factory=list)

    def texts(self, raw: Callable[[int], bytes]) -> list[str]:
        """The text of each part; `raw` gives a line by its index."""
        return [raw(index)[skip:].decode("utf-8", "replace") for index, skip in self.parts]

    def mask(self, lines: list[bytes], kinds: Collection[int], redactor: Redactor) -> None:
        """Rewrite the secrets of the whole message: the mask stands where each begins."""
        texts = self.texts(lines.__getitem__)
        starts = [0, *accumulate(map(len, texts))]
        whole = "".join(texts)
        for start, end, kind in reversed(merged(secret_spans(whole, kinds))):
            first, last = part_at(starts, start), part_at(starts, end - 1)
            behind = texts[last][end - starts[last] :]
            texts[first] = texts[first][: start - starts[first]] + redactor.mask(whole[start:end], kind)
            for part in range(first + 1, last):
                texts[part] = ""
            if first == last:
                texts[first] += behind
            else:
                texts[last] = behind
        for (index, skip), text in zip(self.parts, texts, strict=True):
            lines[index] = lines[index][:skip] + text.encode()


def part_at(starts: list[int], offset: int) -> int:
    """Which part holds that character of the joined text; `starts` are where the parts begin, and the end."""
    return max(k for k, start in enumerate(starts[:-1]) if start <= offset)


def joined(data: bytes) -> Iterator[Joined]:
    """All messages of a block that stand in more than one line."""
    if not any(mark in data for mark in _MARKS):
        return
    waiting: dict[bytes, Joined] = {}
    for index, line in enumerate(data.split(b"\n")):
        match = _CRI.match(line)
        if match is None:
            continue
        stream = match[1]
        message = waiting.get(stream)
        if message is not None:
            message.parts.append((index, match.end()))
        elif match[2] == b"P":
            message = waiting[stream] = Joined([(index, 0)])
        if message is not None and match[2] == b"F":
            del waiting[stream]
            yield message
    yield from (message for message in waiting.values() if len(message.parts) > 1)
