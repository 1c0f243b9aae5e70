"""Benchmarks, run by hand (`make bench`): ratios in one run, never timed tests."""
