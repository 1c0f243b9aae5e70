"""Writes docs/economy.md: python -m tests.economy > docs/economy.md"""

import sys

import anyio

from .page import render
from .walks import walked

if __name__ == "__main__":
    sys.stdout.write(render(anyio.run(walked)))
