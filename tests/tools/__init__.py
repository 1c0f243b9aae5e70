"""Tests of the tools through a real MCP client."""
