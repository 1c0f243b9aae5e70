"""Page -> Markdown for a ticket: the verdict, why, what to do, what was not seen, and the quoted lines at the end."""

import re
from collections.abc import Iterable, Iterator

from ..quoting import clean, one_line
from .node import CauseView, Claim, NodeReport
from .page import Page
from .quotes import Quote

_MARKS = re.compile(r"([\\`*\[\]<>#|~@$&]|(?<!\w)_|_(?!\w)|(?<=:)/(?=/)|(?<=www)\.)")
"""What Markdown, HTML within it, or a ticket system (mentions, issue numbers) would read as more than text:
an underscore within a word and a bracket on its own are none, the slashes of an address are."""
RIVALS_MAX, TRAITS_MAX = 6, 15


def markdown(page: Page) -> str:
    """The whole document."""
    lines = [f"# {plain(page.title)}", "", f"Made {page.made} by eks-diag-mcp {page.version}."]
    if page.comparison is not None:
        lines += ["", *_matrix(page)]
    for node in page.nodes:
        lines += ["", *_node(node)]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Text that stays text: on one line, its marks escaped."""
    return _MARKS.sub(r"\\\1", one_line(text, 2_000))


def code(text: str) -> str:
    """Text in a code span that it cannot leave, on one line."""
    shown = one_line(text, 2_000)
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    space = " " if "`" in shown else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """Text in a fence longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{clean(text, 100_000).rstrip()}\n{fence}"


def _node(node: NodeReport) -> Iterator[str]:
    summary, cause = node.summary, node.root
    yield f"## {plain(summary.instanceId)}"
    yield ""
    yield f"**{plain(summary.verdict)}**"
    yield ""
    if cause:
        yield f"Cause {code(cause.verdict.id)}, severity {summary.severity}, captured {node.completeness.captured}."
        yield from _headed("Why", _claims(cause.because))
        yield from _headed("Speaks against it", _claims(cause.against))
        yield from _headed("What to do", _todo(cause))
    yield from _headed("Affected", (f"- {code(pod)}" for pod in summary.affected))
    conditions = {"yes": "met", "no": "not met"}
    yield from _headed(
        "Escalate when", (f"- {plain(e.condition)}: **{conditions.get(e.met, 'not known')}**" for e in summary.escalate)
    )
    yield from _headed("Other causes weighed", (_rival(r) for r in node.rivals[:RIVALS_MAX]))
    if node.enis:
        rows = (
            f"| {code(e.id)} | {plain(e.role)} | {e.used} | {e.cooling} | {e.free} | {_spare(e.spare)} |" for e in node.enis.rows
        )
        yield from ("", "### ENIs and addresses at the capture", "")
        yield "| ENI | role | used | cooling | free | slots without address |"
        yield "|---|---|--:|--:|--:|--:|"
        yield from rows
    yield from _headed("What was not seen", _unseen(node))
    yield from _headed("Quoted lines", (_quote(q) for q in node.quotes))
    yield from ("", "### Report in the runbook's format", "", fenced(summary.report_yaml, "yaml"))


def _headed(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A heading and its lines; nothing where there are none."""
    listed = list(lines)
    if listed:
        yield from ("", f"### {title}", "", *listed)


def _claims(claims: Iterable[Claim]) -> Iterator[str]:
    for claim in claims:
        yield f"- {plain(claim.says)}{_cites(claim.quotes)}"


def _cites(quotes: Iterable[Quote]) -> str:
    return "".join(f" \\[{q.number}\\]" for q in quotes)


def _todo(cause: CauseView) -> Iterator[str]:
    fix = cause.verdict.mitigation
    if fix is None:
        return
    yield f"- **Now** (safety {fix.safety}): {plain(fix.immediate)}"
    for title, text in (("Later", fix.long_term), ("It worked when", fix.verify), ("Risk", fix.risk)):
        if text:
            yield f"- **{title}**: {plain(text)}"


def _rival(view: CauseView) -> str:
    claims = view.against or view.because
    why = "; ".join(plain(c.says) + _cites(c.quotes) for c in claims[:2])
    return f"- {plain(view.verdict.title)} ({code(view.verdict.id)}): **{view.verdict.stand.replace('_', ' ')}**. {why}".rstrip(
        ". "
    )


def _spare(spare: int | None) -> str:
    return "not known" if spare is None else str(spare)


def _unseen(node: NodeReport) -> Iterator[str]:
    for cover in node.unseen:
        yield f"- {plain(cover.source)}: {cover.state}{f' ({plain(cover.detail)})' if cover.detail else ''}"
    if node.dark:
        yield f"- Sections that could not tell: {plain(', '.join(node.dark))}"


def _quote(quote: Quote) -> str:
    when = f", {quote.time}" if quote.time else ""
    return f"- \\[{quote.number}\\] {code(f'{quote.file}:{quote.line}')}{when}: {code(quote.text)}"


def _matrix(page: Page) -> Iterator[str]:
    answer = page.comparison
    if answer is None:
        return
    names = [row.instanceId for row in answer.nodes]
    yield from ("## The nodes compared", "", plain(answer.insight), "")
    yield f"| difference | {' | '.join(code(n) for n in names)} |"
    yield f"|---|{'---|' * len(names)}"
    yield f"| root cause | {' | '.join(plain(row.root_cause or 'none shown') for row in answer.nodes)} |"
    for trait in answer.differences[:TRAITS_MAX]:
        values = (plain(str(trait.values.get(name, "not known"))) for name in names)
        yield f"| {plain(trait.title or trait.name)} | {' | '.join(values)} |"
