"""Handles a coupon or points that the buyer chose but did not apply. They are never dropped silently."""

import unicodedata

from fastapi import Request
from starlette.responses import Response

from checkout.placing.claims import ReservedBenefit
from checkout.placing.fields import Confirmation
from shared.web.parts import Parts

RESERVE = "/members/benefits/reserve"
APPLIED = "選択されたクーポンと入力されたポイントを反映しました。お支払い合計をご確認のうえ、もう一度確定してください。"


def is_unapplied(confirmed: Confirmation, benefit: ReservedBenefit | None) -> bool:
    """Return whether the form asks for another benefit than the reserved ``benefit``.

    An empty field asks for nothing.
    """
    coupon = str(benefit.coupon.issue_id) if benefit and benefit.coupon else "none"
    points = str(benefit.points if benefit else 0)
    typed = unicodedata.normalize("NFKC", confirmed.points).strip().replace(",", "")
    return (confirmed.coupon or coupon) != coupon or (typed.lstrip("0") or "0" if typed else points) != points


def apply_first(request: Request, parts: Parts) -> Response:
    """Redirect the form to members, which reserves the benefit or gives a reason. The page then shows the new total.

    The status is 307, so that browsers send the form data again, also without JavaScript.
    """
    response = parts.pages.redirect(request, RESERVE, toast=APPLIED, kind="wait", place="trouble")
    response.status_code = 307
    return response
