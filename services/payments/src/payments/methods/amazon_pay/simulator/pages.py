"""Renders the simulator's pages, with one style sheet and without scripts."""

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from shared.clock import in_japan

FOLDER = Path(__file__).parent / "pages"


def _yen(amount: object) -> str:
    return f"¥{int(str(amount)):,}"


def _moment(text: str) -> str:
    at = datetime.fromisoformat(text)
    return in_japan(at).strftime("%Y/%m/%d %H:%M:%S")


_environment = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_environment.filters |= {"yen": _yen, "moment": _moment}


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return the page made from `pages/<template>.html`."""
    return HTMLResponse(_environment.get_template(f"{template}.html").render(**values), status)
