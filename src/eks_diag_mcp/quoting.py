"""Untrusted text made safe to show: log lines, file names and event messages, quoted but never obeyed by a terminal."""

import re

DEFAULT_LIMIT = 2_000
"""Characters of one quoted line; the longest zap and journal lines that carry a stack trace are about that long."""

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 controls but tab and line feed: colours, OSC-8 links, cursor moves
    "\u00ad\u061c\u180e\u200b-\u200f\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, and marks of writing direction
    "\u2028-\u202e"  # line and paragraph separators, bidi embeddings and overrides
    "\ud800-\udfff"  # halves of a pair: what undecodable bytes become; they cannot be sent as UTF-8
    "\U000e0000-\U000e007f"  # tag characters, which spell out text nobody sees
    "]"
)


def clean(text: str, limit: int = DEFAULT_LIMIT) -> str:
    r"""The text with every control, bidi and invisible character but \n and \t shown as an escape (`\x1b`, `\u202e`).

    At most `limit` characters of it are shown; what is cut is said in a marker that follows them. Text without such
    characters comes back as it is, so evidence stays verbatim."""
    shown = _UNSAFE.sub(_escape, text[:limit])
    kept = min(len(text), limit)
    while len(shown) > limit:  # escapes are longer than what they stand for
        kept -= max(1, (len(shown) - limit) // 10)
        shown = _UNSAFE.sub(_escape, text[:kept])
    return shown if kept == len(text) else f"{shown}…[{len(text) - kept} more characters]"


def around(text: str, at: int, limit: int) -> str:
    """At most `limit` characters of a quote around its telling part, with marks where something is left out."""
    if len(text) <= limit:
        return text
    start = max(0, min(at - limit // 5, len(text) - limit))
    return ("…" if start else "") + text[start : start + limit] + ("…" if start + limit < len(text) else "")


_MESSAGE = re.compile(r'"msg":\s*"|\bmsg="|[\w.-]+\.(?:go|c):\d+\] |std(?:out|err) [FP] |\]: ')


def message_start(text: str) -> int:
    """Where the message of a log line begins, after stamps, host and caller; 0 where that cannot be told."""
    places = [found.end() for found in _MESSAGE.finditer(text[:400])]
    return places[-1] if places else 0


def one_line(text: str, limit: int = 200) -> str:
    """As `clean`, with white space folded: for names and titles that go into a sentence of ours."""
    return clean(" ".join(text.split()), limit)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
