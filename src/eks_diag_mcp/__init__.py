"""Find out why an EKS worker node misbehaves, and prove it from the node's own log bundle."""

__version__ = "0.1.0"
