"""The door: everything that knows MCP. What stands behind it takes plain values and raises plain errors."""
