"""Doubles of what is outside: AWS (`tests.doubles.aws`) and Kubernetes. Real servers on loopback, real clients against them."""
