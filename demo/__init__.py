"""The demo: the real server over stdio, driven through runbook D1 by the SDK's client on made-up nodes."""
