"""What a description changes in the files of its node: a counter, an MTU, a whole file that the node has besides or lacks.

The builder writes a healthy node; a fault that lives in a state file and not in a log is told here. A change that finds
nothing to change is an error, so a description never silently means less than it says."""

import re

from .describe import BadScenario
from .node import Node
from .story import facts_at, fill


def edited(node: Node, texts: dict[str, str]) -> dict[str, str]:
    """The files with the description's edits made, its own files added and those it lacks left out."""
    facts, out = facts_at(node, node.captured), dict(texts)
    for name, edits in node.spec.edit.items():
        for find, put in (edits or {}).items():
            if name not in out:
                raise BadScenario(f"{node.name_of_scenario}: no file {name!r} to edit")
            filled = fill(node, put, facts)
            out[name], times = re.subn(
                fill(node, find, facts), lambda found, text=filled: found.expand(text), out[name], flags=re.MULTILINE
            )
            if not times:
                raise BadScenario(f"{node.name_of_scenario}: {find!r} does not stand in {name}")
    for name, text in node.spec.files.items():
        if text is None and out.pop(name, None) is None:
            raise BadScenario(f"{node.name_of_scenario}: no file {name!r} to leave out")
        if text is not None:
            out[name] = fill(node, text, facts)
    return out
