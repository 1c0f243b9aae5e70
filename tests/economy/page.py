"""docs/economy.md, made from walks."""

from collections.abc import Sequence
from statistics import median

from .walks import Walk, Way

HEAD = """# Economy: what a root cause costs a model

Generated: `make economy`. A test walks all of it again and compares.

A model pays for every character that it reads. Here runbook D1 (VPC CNI IP allocation failures) is walked through the real server on
each described node whose root cause is D1's subject, in two ways: **by hand**, with the calls that D1 names (`collect`, `status`,
`errors`, `network_diagnostics` for cni, ipamd and eni, `correlate` around "failed to assign", `summarize` with the findings of D1's
family), and **by `run_sop`**, which does it all in one call. Characters are those of the text of all answers together, defaults
everywhere; the list of tools is paid once a conversation and is not in them. Four characters are about one token.

"""
FOOT = """
Budgets hold for the **worst** node, not only in the middle. What keeps answers short: one row for a fault that several logs tell of,
quotes that begin at the message, readings left out that are at their default or stand in the same answer already (`left_out` says how
many), no confidence for what is ruled out. `response_format=detailed` gives everything.
"""


def render(walks: Sequence[tuple[Walk, Walk]]) -> str:
    """The page for (by hand, by run_sop) of each node."""
    return HEAD + _overview(walks) + "\n## Each node\n\n" + _table(walks) + FOOT


def _overview(walks: Sequence[tuple[Walk, Walk]]) -> str:
    lines = ["| way | nodes | calls | budget | characters: median | worst | budget |", "|---|---|---|---|---|---|---|"]
    for place, way in enumerate(Way):
        made = [pair[place] for pair in walks]
        chars, calls = [w.characters for w in made], max(w.calls for w in made)
        lines.append(
            f"| {way.value} | {len(made)} | {calls} | {way.calls} | {median(chars):,.0f} | {max(chars):,} | {way.characters:,} |"
        )
    return "\n".join(lines) + "\n"


def _table(walks: Sequence[tuple[Walk, Walk]]) -> str:
    tools = [tool for tool, _ in walks[0][0].answers]
    lines = [f"| node | root cause | {' | '.join(tools)} | by hand | run_sop |", "|---" * (len(tools) + 4) + "|"]
    for hand, run in walks:
        each = " | ".join(f"{len(text):,}" for _, text in hand.answers)
        cause = (hand.root_cause or "none is shown").removeprefix("ip_allocation.")
        lines.append(f"| {hand.scenario} | {cause} | {each} | {hand.characters:,} | {run.characters:,} |")
    return "\n".join(lines) + "\n"
