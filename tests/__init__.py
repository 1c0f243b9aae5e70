"""Tests of eks-diag-mcp."""
