"""The views of MCP Apps: one self-contained HTML file each, which draws an answer that its host hands over.

They show what the report shows, but are drawn in the host's sandbox from the tool's structured content: the server sends the
same few kilobytes to every client and nothing of a node is in them."""

from dataclasses import dataclass

PREFIX = "ui://eks-diag/"


@dataclass(frozen=True, slots=True)
class View:
    """A view: which tool's answer it draws, its template, and what people read about it."""

    tool: str
    name: str
    title: str
    about: str

    @property
    def uri(self) -> str:
        """Where clients read it."""
        return f"{PREFIX}{self.name.replace('_', '-')}.html"

    def html(self, version: str) -> str:
        """The document."""
        from .html import environment

        return environment().get_template("app.html.j2").render(title=self.title, view=self.name, version=version)


VIEWS: tuple[View, ...] = (
    View("summarize", "root_cause", "Root cause", "The verdict with evidence for and against, what to do, rivals"),
    View("network_diagnostics", "eni_map", "ENI and address map", "Each ENI with its slots: used, cooling, free"),
    View("correlate", "timeline", "Timeline", "Events around a moment, a lane for each source"),
    View("compare_nodes", "matrix", "Nodes compared", "What tells bad nodes from healthy ones"),
)
