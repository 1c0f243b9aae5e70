"""What can be read by address: SOPs, files of a bundle, findings.

sop:///<id>                           markdown, verbatim; any name that `SopLibrary.find` knows is answered too (sop:///d1)
log://{instanceId}/{+path}            a file of the newest bundle of that instance
finding://{instanceId}/{finding_id}   one finding with its evidence, JSON"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp.server.mcpserver.resources import TextResource

from ..errors import BadInput, DiagError
from ..quoting import clean, one_line

if TYPE_CHECKING:
    from ..runbooks.library import SopLibrary

MAX_CHARACTERS = 200_000
"""Resources have no pages, and a host may put a whole one before its model. The read tool pages."""

ReadText = Callable[[str, str], str]
"""(instanceId, path or finding id) -> text. Raises DiagError."""


def add_sops(server: MCPServer[Any], library: "SopLibrary") -> None:
    """Each SOP as a resource of its own, so that lists show it, and a template for its other names."""
    for sop in library.sops:
        server.add_resource(
            TextResource(
                uri=f"sop:///{sop.id}",
                name=sop.id,
                title=one_line(sop.title),
                description=one_line(sop.description or sop.title, 1_000),
                mime_type="text/markdown",
                text=sop.text,
            )
        )

    @server.resource("sop:///{name}", name="sop", title="A runbook by id or short id", mime_type="text/markdown")
    def sop_by_name(name: str) -> str:
        """The SOP of that id ("D1" will do), verbatim."""
        return _reading(lambda: library.find(name).text)


def add_evidence(server: MCPServer[Any], read_log: ReadText, read_finding: ReadText) -> None:
    """The templates for evidence. Text is untrusted: control characters are escaped, and it is cut at the cap."""

    @server.resource("log://{instanceId}/{+path}", name="log", title="A file of a node's log bundle")
    def log(instanceId: str, path: str) -> str:
        """A file of the newest bundle of that instance, by its path in the bundle. Long files: the read tool pages."""
        return clean(_reading(lambda: read_log(instanceId, path)), MAX_CHARACTERS)

    @server.resource(
        "finding://{instanceId}/{finding_id}",
        name="finding",
        title="A finding with its evidence",
        mime_type="application/json",
    )
    def finding(instanceId: str, finding_id: str) -> str:
        """A finding by its id (F-...), with the lines it rests on."""
        return _reading(lambda: _whole(read_finding(instanceId, finding_id)))


def _whole(text: str) -> str:
    """JSON cut short would be none."""
    if len(text) > MAX_CHARACTERS:
        raise DiagError("The finding is too long to read as one resource.", "Use the errors tool.")
    return text


def _reading(read: Callable[[], str]) -> str:
    """What was read; our own failures in the SDK's words, so that their text reaches the client."""
    try:
        return read()
    except BadInput as error:
        raise ResourceNotFoundError(str(error)) from error
    except DiagError as error:
        raise ResourceError(str(error)) from error
