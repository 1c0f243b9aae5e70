"""Log bundles of described nodes, for tests and for `make demo`. Needs the standard library and PyYAML only.

    scenarios.names()                    -> ['custom-networking', ...]
    scenarios.load('eni-limit')          -> Scenario: node, expect, files(), archive(), write(folder)
    python -m tests.scenarios NAME OUTDIR

The descriptions are fixtures/scenarios/*.yaml; describe.py says what they may hold.
"""

from . import facts
from .bundle import FOLDER, Scenario, load, names, pack
from .describe import BadScenario, Eni, Event, Expect
from .node import Node

__all__ = ["FOLDER", "BadScenario", "Eni", "Event", "Expect", "Node", "Scenario", "facts", "load", "names", "pack"]
