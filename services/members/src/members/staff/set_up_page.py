"""The page on which a second factor is set up: a picture for the app, its text, and the form for the first code."""

from typing import Any

import segno
from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from members.staff.factors import Factor
from shared.web.forms import Form
from shared.web.parts import Parts


def set_up_page(
    request: Request,
    parts: Parts,
    factor: Factor,
    form: Form[Any],
    *,
    action: str,
    email: str,
    at_desk: bool,
    status: int = 200,
) -> Response:
    """Return the page. No cache stores it, because it shows the secret of the factor."""
    address = factor.address(name=email, shop=parts.pages.shop.identity.name or "Noren")
    picture = segno.make(address, error="m").svg_inline(scale=5, light="#fff", dark="#000")
    return parts.pages.render(
        request,
        "staff_set_up.html",
        status=status,
        headers={"Cache-Control": "no-store"},
        form=form,
        action=action,
        at_desk=at_desk,
        picture=Markup(picture),  # noqa: S704 - drawn here
        secret=" ".join(factor.secret[start : start + 4] for start in range(0, len(factor.secret), 4)),
    )
