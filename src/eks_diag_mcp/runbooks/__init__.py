"""The runbook desk: SOPs as files, found by name and by symptom. Knows nothing of MCP."""
