"""facts.json: NodeFacts as a file beside a bundle's manifest, so that a diagnosis can be made again."""

import json
from datetime import UTC, datetime

from ..errors import BadBundle
from ..model import NodeFacts

NAME, VERSION = "facts.json", 1


def write_facts(facts: NodeFacts) -> str:
    """As JSON text."""
    at = {name: time.astimezone(UTC).isoformat() for name, time in facts.called_at.items()}
    said = {"version": VERSION, "values": dict(facts.values), "called_at": at}
    return json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_facts(text: str) -> NodeFacts:
    """From that text. BadBundle where it is none of ours."""
    try:
        said = json.loads(text)
        at = {str(k): datetime.fromisoformat(v) for k, v in said["called_at"].items()}
        values = {str(k): v for k, v in said["values"].items()}
        known = said["version"] == VERSION
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadBundle(f"{NAME} of the bundle cannot be read.", "Collect the node again.") from error
    if not known:
        raise BadBundle(f"{NAME} is of version {said['version']!r}, not {VERSION}.", "Collect the node again.")
    return NodeFacts(values, at)
