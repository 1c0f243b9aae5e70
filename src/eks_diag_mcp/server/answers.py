"""A tool's answer on the wire: the same facts as structured content and as text, compact, and never a flood."""

import json
from collections.abc import Sequence

from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel

from ..errors import DiagError

MAX_CHARACTERS = 40_000
"""Clients cut or spill to a file what is much longer (Claude Code at 50,000)."""

READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True)
"""Changes nothing; the answer quotes text of the outside world (logs, AWS, Kubernetes)."""
READ_OWN = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
"""Changes nothing and quotes only what ships with the server: the runbooks."""
COLLECTS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True)
"""Makes a node write a log bundle or a capture; asked twice, it is the same run."""

_NARROWING_WORDS = """
response_format pageSize maxResults maxEvents lineCount tailLines limit maxPackets contextLines phase phases sections
severity source logTypes startTime incidentTime namespace includeStepDetails"""
_NARROWING = tuple(_NARROWING_WORDS.split())


def answer(model: BaseModel, arguments: Sequence[str] = ()) -> CallToolResult:
    """The result that carries this model. Fields that are None are left out; empty lists stay, they say "none".

    `arguments` are the names the tool takes; an answer over the cap is refused with those that would narrow it. A value
    that does not fit its field (a model built without validation) is an error here, not on the client's side."""
    content = model.model_dump(mode="json", by_alias=True, exclude_none=True, warnings="error")
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if len(text) > MAX_CHARACTERS:
        narrower = ", ".join(name for name in _NARROWING if name in arguments)
        raise DiagError(
            f"The answer would have {len(text)} characters, more than {MAX_CHARACTERS}.",
            f"Ask for less: narrow it with {narrower}." if narrower else "Ask for less.",
        )
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=content)
