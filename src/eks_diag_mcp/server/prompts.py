"""Each SOP as a prompt: text only (other kinds break clients), every argument optional."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import PromptArgument

from ..quoting import one_line

if TYPE_CHECKING:
    from ..runbooks.library import SopLibrary
    from ..runbooks.model import Sop

ARGUMENTS: Mapping[str, str] = {
    "instanceId": "EC2 instance id, or node name, of the affected node",
    "clusterName": "EKS cluster name",
    "namespace": "namespace of the affected pod",
    "podName": "affected pod",
}


def add_prompts(server: MCPServer[Any], library: "SopLibrary") -> None:
    """Register one prompt for each SOP, named by its id."""
    for sop in library.sops:
        server.add_prompt(_prompt(sop))


def prompt_text(sop: "Sop", arguments: Mapping[str, str | None]) -> str:
    """One line of ours with what was given, then the SOP verbatim."""
    given = ", ".join(f"{name}={one_line(value)}" for name, value in arguments.items() if value)
    return f"Follow this runbook{f' for {given}' if given else ''}, with the tools of this server.\n\n{sop.text}"


def _prompt(sop: "Sop") -> Prompt:
    def render(
        instanceId: str | None = None,
        clusterName: str | None = None,
        namespace: str | None = None,
        podName: str | None = None,
    ) -> str:
        values = {"instanceId": instanceId, "clusterName": clusterName, "namespace": namespace, "podName": podName}
        return prompt_text(sop, values)

    prompt = Prompt.from_function(
        render, name=sop.id, title=one_line(sop.title), description=one_line(sop.description or sop.title, 1_000)
    )
    prompt.arguments = [PromptArgument(name=name, description=text, required=False) for name, text in ARGUMENTS.items()]
    return prompt
