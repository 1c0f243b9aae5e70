"""The server's own log: one entry is one line, whatever stands in it."""

import json
import logging

from eks_diag_mcp.server.logs import JsonLines, Plain

FORGED = "no such node i-1\r\n2026-11-20 10:00:00,000 INFO eks_diag_mcp.audit who=root\u2028x"


def record(message: str, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("eks_diag_mcp.x", logging.WARNING, __file__, 1, "%s", (message,), None)
    made.__dict__.update(more)
    return made


def test_a_plain_entry_is_one_line() -> None:
    assert len(Plain().format(record(FORGED)).splitlines()) == 1


def test_a_json_entry_is_one_object_with_the_fields_of_an_audit_entry() -> None:
    line = JsonLines().format(record(FORGED, fields={"who": "one", "seconds": 0.1}))
    assert len(line.splitlines()) == 1
    entry = json.loads(line)
    assert entry["message"] == FORGED and entry["who"] == "one" and entry["level"] == "WARNING" and entry["time"].endswith("+00:00")


def test_a_crash_keeps_its_traceback() -> None:
    try:
        raise ValueError("x")
    except ValueError as error:
        told = record("crash")
        told.exc_info = (ValueError, error, error.__traceback__)
    assert "ValueError: x" in json.loads(JsonLines().format(told))["traceback"]
    assert "Traceback" in Plain().format(told)
