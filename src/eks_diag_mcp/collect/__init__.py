"""The dispatcher: asks for a node's log bundle and fetches it."""
