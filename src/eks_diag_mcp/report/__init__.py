"""What people look at: the report as HTML and Markdown, and the views of MCP Apps. Drawn from the tools' own answers."""
