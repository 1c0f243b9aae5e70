"""The report as Markdown: complete, and log text that stays text in whatever renders it."""

import re
from collections.abc import Callable

from markdown_it import MarkdownIt

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.report.markdown import code, fenced, markdown, plain
from eks_diag_mcp.report.page import Page

PageOf = Callable[..., Page]


def rendered(text: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_a_ticket_holds_the_verdict_what_to_do_and_the_quoted_lines(page_of: PageOf) -> None:
    text = markdown(page_of("subnet-exhausted"))
    for part in ("The subnet has no free address left", "### Why", "### What to do", "### What was not seen", "### Quoted lines"):
        assert part in text
    cited = set(re.findall(r"\\\[(\d+)\\\]", text.split("### Quoted lines")[0]))
    listed = set(re.findall(r"^- \\\[(\d+)\\\]", text, re.M))
    assert cited and cited <= listed, "a claim cites a line that is not quoted"
    assert "root_cause: subnet_exhaustion" in text and "<table>" in rendered(text)


def test_several_nodes_stand_side_by_side(page_of: PageOf) -> None:
    page = rendered(markdown(page_of("subnet-exhausted", "eni-limit", "healthy-1-23")))
    assert "The nodes compared" in page and page.count("<h2>") == 4


def test_log_text_renders_as_text(page_of: PageOf, hostile_bundle: Bundle) -> None:
    text = markdown(page_of(hostile_bundle))
    page = rendered(text)
    assert "owned" in page, "the line is quoted"
    assert not re.search(r"<(script|img|a)\b", page)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_a_value_cannot_leave_its_place() -> None:
    nasty = "``` a `b` | [c](http://d) <e> *f* #1 @team https://g.example www.h.example &amp; \\"
    page = rendered(f"| x |\n|---|\n| {plain(nasty)} |\n\n{code(nasty)}\n\n{fenced(nasty)}\n")
    assert page.count("<td>") == 1 and page.count("<code>") == 2 and not re.search(r"<(e|em|a)\b", page)
    assert "://" not in plain(nasty) and "www." not in plain(nasty), "an address would become a link"
    assert plain("WARM_IP_TARGET is 2 (today)") == "WARM_IP_TARGET is 2 (today)"
