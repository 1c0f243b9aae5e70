"""`python -m eks_diag_mcp`."""

from .cli import main

main()
