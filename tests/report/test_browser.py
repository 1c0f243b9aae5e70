"""The report and the views in a real browser."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.report.html import html
from eks_diag_mcp.report.page import Page
from eks_diag_mcp.report.pinned import PinnedRoom
from eks_diag_mcp.report.views import VIEWS
from eks_diag_mcp.tools.comparing import compare_nodes
from eks_diag_mcp.tools.correlating import correlate
from eks_diag_mcp.tools.network import network_diagnostics
from eks_diag_mcp.tools.verdicts import summarize

from . import browser
from .browser import dom, hosted, needs_browser, picture, shown_in
from .conftest import HOSTILE
from .reading import read

pytestmark = needs_browser
PageOf = Callable[..., Page]
VIEW = {view.name: view for view in VIEWS}


@pytest.fixture
def report_file(page_of: PageOf, hostile_bundle: Bundle, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(html(page_of(hostile_bundle)), encoding="utf-8")
    return path


def test_the_report_opens_and_hostile_text_does_nothing(report_file: Path, tmp_path: Path) -> None:
    shown = read(dom(report_file, tmp_path))
    assert shown.all("title") and "EKS node diagnosis" in shown.text and "owned" in shown.text
    assert "<title>owned" not in dom(report_file, tmp_path)
    assert not shown.all("script", "img")


def test_light_and_dark_have_their_own_ground(report_file: Path, tmp_path: Path) -> None:
    light, dark = (picture(report_file, tmp_path, "600,400", dark=dark) for dark in (False, True))
    assert _corner(light) == (0xF6, 0xF7, 0xF9) and _corner(dark) == (0x0F, 0x14, 0x19)


def test_a_narrow_screen_needs_no_sideways_scrolling(report_file: Path, tmp_path: Path) -> None:
    """The body is as wide as the window; what is wider scrolls within its own box."""
    frame = tmp_path / "frame.html"
    inner = report_file.read_text(encoding="utf-8")
    frame.write_text(browser.framed(inner, 360), encoding="utf-8")
    assert 'data-wide="360"' in dom(frame, tmp_path)


@pytest.fixture
def answers(app: App, scenario_bundle: Callable[[str], Bundle]) -> dict[str, dict[str, Any]]:
    return _answers(app, scenario_bundle("cooldown-churn"), scenario_bundle("healthy-1-23"))


def _answers(app: App, bundle: Bundle, other: Bundle) -> dict[str, dict[str, Any]]:
    room = PinnedRoom(app, pinned={b.digest: b for b in (bundle, other)})
    made = {
        "root_cause": summarize(room, bundle.digest),
        "eni_map": network_diagnostics(room, bundle.digest, ["eni", "ipamd"]),
        "timeline": correlate(room, bundle.digest),
        "matrix": compare_nodes(room, [bundle.digest, other.digest]),
    }
    return {name: answer.model_dump(mode="json", exclude_none=True) for name, answer in made.items()}


@pytest.mark.parametrize("name", sorted(VIEW))
def test_a_view_greets_its_host_and_draws_the_answer(answers: dict[str, dict[str, Any]], name: str, tmp_path: Path) -> None:
    said, document = shown_in(_hosted(VIEW[name].html("1.2.3"), answers[name], tmp_path))
    assert said[:2] == ["ui/initialize", "ui/notifications/initialized"]
    assert set(said[2:]) == {"ui/notifications/size-changed"}
    shown = read(document)
    assert 'data-theme="dark"' in document and "Waiting" not in shown.text and "cannot be drawn" not in _stage(shown.text)
    answer = answers[name]
    if name == "root_cause":
        assert answer["verdict"] in shown.text and all(line["text"] in shown.text for line in answer["evidence"])
        assert all(c.get("title", c["id"]) in shown.text for c in answer["root_causes"][1:])
    elif name == "eni_map":
        classes = shown.values("class")
        assert [classes.count(f"slot {kind}") for kind in ("used", "cooling", "free", "spare")] == [12, 11, 0, 4]
    elif name == "timeline":
        assert len(shown.all("circle")) == len(answer["timeline"]) == len(shown.all("tr")) - 1
    else:
        assert answer["insight"] in shown.text and len(shown.all("tr")) == answer["shown"] + 2


@pytest.mark.parametrize("name", ["root_cause", "timeline"])
def test_hostile_text_is_text_in_a_view(
    app: App, hostile_bundle: Bundle, scenario_bundle: Callable[[str], Bundle], name: str, tmp_path: Path
) -> None:
    answer = _answers(app, hostile_bundle, scenario_bundle("healthy-1-23"))[name]
    if name == "timeline":
        answer["timeline"][0]["text"] = HOSTILE
    _, document = shown_in(_hosted(VIEW[name].html("1.2.3"), answer, tmp_path))
    shown = read(document)
    assert "owned" in shown.text and not shown.all("img") and len(shown.all("script")) == 1
    assert f"<title>{VIEW[name].title}</title>" in document


def test_an_answer_that_failed_is_told_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "host.html"
    failed = {"isError": True, "content": [{"type": "text", "text": "No bundle of <b>that</b> instance."}]}
    page.write_text(hosted(VIEW["matrix"].html("1.2.3"), failed, whole=True), encoding="utf-8")
    _, document = shown_in(dom(page, tmp_path))
    assert "No bundle of <b>that</b> instance." in read(document).text


def _hosted(document: str, answer: dict[str, Any], folder: Path) -> str:
    page = folder / "host.html"
    page.write_text(hosted(document, answer, theme="dark"), encoding="utf-8")
    return dom(page, folder)


def _stage(text: str) -> str:
    return text[:400]


def _corner(png: bytes) -> tuple[int, int, int]:
    """The colour of the first pixel of a PNG: in the first row every filter leaves it as it is."""
    data, at = b"", 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    first = zlib.decompress(data)[1:4]
    return first[0], first[1], first[2]
