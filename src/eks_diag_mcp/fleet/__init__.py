"""Many bundles at once: what differs between nodes, and what they share."""
