"""The server's own log on stderr: plain lines, or JSON lines for a collector of logs. One entry is one line."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from ..quoting import clean

_MOST = 20_000
"""Characters of one entry."""
AUDIT = "eks_diag_mcp.audit"
"""The logger that tells each tool call. It is heard unless the level is ERROR or CRITICAL."""


class Plain(logging.Formatter):
    """Text. Control characters and line breaks of foreign text are escaped; only a traceback has lines of its own."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.exc_info else clean(text, _MOST).replace("\n", "\\n")


class JsonLines(logging.Formatter):
    """One JSON object an entry; the fields of an audit entry stand beside the others."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True, default=str)


def set_up(level: str, form: Literal["plain", "json"] = "plain") -> None:
    """One handler on stderr, set before the SDK would set its own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Plain())
    logging.basicConfig(level=level, handlers=[handler])
    if logging.getLogger().getEffectiveLevel() <= logging.WARNING:
        logging.getLogger(AUDIT).setLevel(logging.INFO)
