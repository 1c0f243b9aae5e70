"""Page -> one HTML file: no script, no network, nothing but itself."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..quoting import clean
from .eni_map import CELLS_MAX
from .page import TRAITS_MAX, Page
from .timeline import LABEL, WIDTH, offset

_LONGEST = 200_000
"""Characters of one value; only a runbook's report comes near."""


def _shown(value: Any) -> Any:
    """What a template prints. Control, bidi and invisible characters become escapes; markup is escaped by autoescape."""
    if value is None:
        return ""
    return clean(value, _LONGEST) if type(value) is str else value


@cache
def environment() -> Environment:
    """The templates of this package. A name that is not there is an error, not an empty string."""
    made = Environment(
        loader=PackageLoader("eks_diag_mcp.report", "templates"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["words"] = lambda text: str(text).replace("_", " ")
    made.filters["offset"] = offset
    return made


def html(page: Page) -> str:
    """The whole document."""
    template = environment().get_template("report.html.j2")
    return template.render(page=page, width=WIDTH, label=LABEL, cells_max=CELLS_MAX, traits_max=TRAITS_MAX)
