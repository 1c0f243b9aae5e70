"""Pictures where a client can show them: the MCP Apps extension. Clients without it never notice."""

from functools import partial
from typing import Any

from mcp.server.apps import APP_MIME_TYPE, Apps
from mcp.server.mcpserver.resources import FunctionResource

from .. import __version__
from ..report.views import VIEWS


def apps() -> Apps:
    """The extension with every view as a resource, rendered when it is read. The tools stay plain tools: `view_meta` only points at the view."""
    extension = Apps()
    for view in VIEWS:
        extension.add_resource(
            FunctionResource(
                uri=view.uri,
                name=view.name,
                title=view.title,
                description=view.about,
                mime_type=APP_MIME_TYPE,
                meta={"ui": {"prefersBorder": True}},
                fn=partial(view.html, __version__),
            )
        )
    return extension


def view_meta(tool: str) -> dict[str, Any] | None:
    """The `_meta` of a tool whose answer has a view; None for the others."""
    view = next((v for v in VIEWS if v.tool == tool), None)
    return {"ui": {"resourceUri": view.uri}} if view else None
