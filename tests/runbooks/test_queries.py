"""The searches of a runbook, as it writes them."""

from eks_diag_mcp.runbooks.library import SopLibrary
from eks_diag_mcp.runbooks.parse import parse
from eks_diag_mcp.runbooks.queries import queries_of

SOP = b"""---
title: x
triggers: [x]
---
## Phase 1 - Triage
MUST:
- Use `search` tool with instanceId and query=`one|two` to look
- Use `search` tool with
  query=`over two lines` to look
- Use `correlate` tool with pivotEvent=`three` and timeWindow=60
- Use `search` tool with query=`<error-pattern>` to look
- Use `status` tool with executionId
## Examples
```
search(instanceId="i-0abc123def456", query="four.*")
search(instanceId="i-0abc123def456", query="one|two")
```
"""


def test_every_query_is_taken_once_and_no_placeholder() -> None:
    sop = parse(SOP, "Z9-x.md")
    assert set(queries_of([sop])) == {"one|two", "over two lines", "three", "four.*"}
    assert len(queries_of([sop, sop])) == 4


def test_the_shipped_runbooks_searches_are_all_there() -> None:
    found = queries_of(SopLibrary.load(and_shipped=True).sops)
    assert {"failed to assign", "ipamd.*not running|aws-node.*CrashLoop", "prefix delegation|ENABLE_PREFIX_DELEGATION"} <= set(
        found
    )
