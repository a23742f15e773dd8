"""A coupon that was chosen, or points that were typed, without having been applied: nothing is dropped in silence."""

import unicodedata

from fastapi import Request
from starlette.responses import Response

from checkout.placing.claims import Benefit
from checkout.placing.fields import Confirmation
from shared.web.parts import Parts

RESERVE = "/members/benefits/reserve"
APPLIED = "選択されたクーポンと入力されたポイントを反映しました。お支払い合計をご確認のうえ、もう一度確定してください。"


def is_unapplied(confirmed: Confirmation, benefit: Benefit | None) -> bool:
    """Tell whether the buyer chose or typed something else than the ``benefit`` that was set aside; an empty box is no wish."""
    coupon = str(benefit.coupon.issue_id) if benefit and benefit.coupon else "none"
    points = str(benefit.points if benefit else 0)
    typed = unicodedata.normalize("NFKC", confirmed.points).strip().replace(",", "")
    return (confirmed.coupon or coupon) != coupon or (typed.lstrip("0") or "0" if typed else points) != points


def apply_first(request: Request, parts: Parts) -> Response:
    """Send the very form on to members, who set aside what is wished, or say why not; the page then shows the new total.

    It is a 307, so that browsers send what was typed again, also without JavaScript.
    """
    response = parts.pages.redirect(request, RESERVE, toast=APPLIED, kind="wait", place="trouble")
    response.status_code = 307
    return response
