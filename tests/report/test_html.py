"""The HTML report: one file that opens anywhere, every claim tied to its line, and log text that stays text."""

import itertools
import re
from collections.abc import Callable

import pytest

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.report.html import environment, html
from eks_diag_mcp.report.page import Page

from .reading import read

PageOf = Callable[..., Page]
NODES = [
    ("subnet-exhausted",),
    ("cooldown-churn",),
    ("healthy-1-23",),
    ("healthy-prefix",),
    ("introspection-off",),
    ("disk-full-evicts",),
]
MANY = ("subnet-exhausted", "eni-limit", "healthy-1-23")


@pytest.mark.parametrize("nodes", [*NODES, MANY])
def test_the_document_is_well_formed_and_every_link_has_its_target(page_of: PageOf, nodes: tuple[str, ...]) -> None:
    found = read(html(page_of(*nodes)))
    assert found.faults == []
    ids = found.values("id")
    assert len(ids) == len(set(ids)), "an id stands twice"
    links = found.values("href")
    assert links and all(link.startswith("#") and link[1:] in ids for link in links)
    assert all(name in ids for names in found.values("aria-labelledby") for name in names.split())


@pytest.mark.parametrize("nodes", [NODES[0], MANY])
def test_nothing_is_fetched_and_nothing_runs(page_of: PageOf, nodes: tuple[str, ...]) -> None:
    document = html(page_of(*nodes))
    found = read(document)
    assert not found.all("script", "link", "img", "iframe", "object", "embed", "form", "base", "audio", "video")
    assert not found.values("src") and not [a for _, attrs in found.tags for a in attrs if a.startswith("on")]
    assert not re.search(r"@import|url\(|javascript:", document)
    assert "default-src 'none'" in (found.all("meta")[1]["content"] or "")


@pytest.mark.parametrize("nodes", [*NODES, MANY])
def test_a_screen_reader_finds_its_way(page_of: PageOf, nodes: tuple[str, ...]) -> None:
    document = html(page_of(*nodes))
    found = read(document)
    assert found.all("html")[0]["lang"] == "en" and len(found.all("main")) == len(found.all("nav")) == len(found.all("header")) == 1
    levels = found.headings
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), "a level of heading is skipped"
    assert len(re.findall(r"<table[^>]*>\s*<caption>", document)) == len(found.all("table"))
    assert all("scope" in cell for cell in found.all("th"))
    assert all("aria-label" in a or a.get("role") is None for a in found.all("div", "svg"))


def test_every_claim_about_the_root_cause_points_at_a_line_of_the_bundle(
    page_of: PageOf, scenario_bundle: Callable[[str], Bundle]
) -> None:
    made, bundle = page_of("subnet-exhausted"), scenario_bundle("subnet-exhausted")
    node = made.nodes[0]
    assert node.root is not None and node.root.because and all(c.quotes for c in node.root.because)
    document = html(made)
    for quote in node.quotes:
        (_, line), *_ = bundle.lines(quote.file, quote.line, 1)
        if line.count("\n") == 0 and quote.file != "ipamd/enis.json":  # two sums of one JSON file are quoted as they stand
            assert quote.text.strip("…") in line
        assert f'id="{quote.anchor}"' in document and f'href="#{quote.anchor}"' in document


def test_a_ruled_out_rival_shows_the_numbers_that_rule_it_out(page_of: PageOf) -> None:
    rival = next(r for r in page_of("subnet-exhausted").nodes[0].rivals if r.verdict.id == "ip_allocation.eni_limit")
    assert rival.verdict.stand == "ruled_out" and {q.file for c in rival.against for q in c.quotes} == {
        "ipamd/enis.json",
        "ipamd/metrics.json",
    }


def test_the_slots_of_every_eni_are_drawn_as_they_were_counted(page_of: PageOf) -> None:
    made = page_of("cooldown-churn")
    drawn = read(html(made)).values("class")
    enis = made.nodes[0].enis
    assert enis is not None and [(r.used, r.cooling, r.free, r.spare) for r in enis.rows] == [
        (5, 4, 0, 0),
        (5, 4, 0, 0),
        (2, 3, 0, 4),
    ]
    assert [drawn.count(f"slot {kind}") for kind in ("used", "cooling", "free", "spare")] == [12, 11, 0, 4]


def test_an_eni_of_prefixes_is_a_bar_and_not_a_thousand_squares(page_of: PageOf) -> None:
    made = page_of("healthy-prefix")
    enis = made.nodes[0].enis
    assert enis is not None and max(row.slots for row in enis.rows) > 64
    assert "slots bar" in read(html(made)).values("class") and len(html(made)) < 100_000


def test_a_healthy_node_is_told_so_and_what_was_not_seen(page_of: PageOf) -> None:
    text = read(html(page_of("healthy-1-23"))).text
    assert "No root cause shown" in text and "What was not seen" in text and "What to do" not in text


def test_without_the_address_dump_no_map_is_made_up(page_of: PageOf) -> None:
    made = page_of("introspection-off")
    assert made.nodes[0].enis is None and "ENIs and addresses at the capture" not in html(made)


def test_several_nodes_are_compared_and_each_has_its_part(page_of: PageOf) -> None:
    made = page_of(*MANY)
    document = html(made)
    assert made.comparison is not None and made.comparison.insight in read(document).text
    assert [n.number for n in made.nodes] == [1, 2, 3] and all(f'id="n{k}"' in document for k in (1, 2, 3))


def test_log_text_cannot_become_markup_colour_or_direction(page_of: PageOf, hostile_bundle: Bundle) -> None:
    document = html(page_of(hostile_bundle))
    found = read(document)
    assert found.faults == [] and not found.all("script", "img")
    assert "document.title='owned'" in found.text, "the line is quoted, as text"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", document)
    assert r"\x1b[31mred" in found.text and r"\u202e" in found.text


def test_two_bundles_of_one_node_are_two_parts_about_the_very_bundles(
    page_of: PageOf, hostile_bundle: Bundle, scenario_bundle: Callable[[str], Bundle]
) -> None:
    made = page_of("subnet-exhausted", hostile_bundle)
    assert [n.digest for n in made.nodes] == [scenario_bundle("subnet-exhausted").digest[:12], hostile_bundle.digest[:12]]
    assert made.comparison is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_on_every_ground(scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text; 1.4.11: 3 to 1 for what is drawn."""
    sheet = environment().get_template("style.css.j2").render()
    blocks = re.findall(r"--page: .*?color-scheme: (light|dark)", sheet, re.S)
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", re.findall(r"(--page: [^}]*?)color-scheme: " + scheme, sheet)[0]))
    assert {"light", "dark"} <= set(blocks) and len(colours) >= 13
    for ground in ("page", "card"):
        for text in ("text", "soft", "link", "bad", "warn", "good"):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for drawn in ("used", "cooling", "free"):
            assert _contrast(colours[drawn], colours[ground]) >= 3, (drawn, ground)


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_whatever_a_template_prints_is_made_safe_there_too() -> None:
    """Also what did not come through the quotes: titles, names, aliases."""
    shown = environment().from_string('<p title="{{ x }}">{{ x }}</p>').render(x="\x1b[1m<b>\"'\u202e")
    safe = r"\x1b[1m&lt;b&gt;&#34;&#39;\u202e"
    assert shown == f'<p title="{safe}">{safe}</p>'
