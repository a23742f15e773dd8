"""The lines of an order's amounts for buyers and staff, in the order of the computation."""

from shared.events import Amounts


def amount_lines(amounts: Amounts, coupon_name: str = "") -> list[tuple[str, int, str]]:
    """Return label, amount in yen and note of each line.

    ``coupon_name`` is the coupon in use. A coupon for free shipping is also named on that line.
    """
    lines = [("商品合計", amounts.items, "")]
    lines += [(one.label, one.amount, "") for one in amounts.adjustments]
    lines.append(("送料", amounts.shipping, "" if amounts.shipping else _why_free(amounts, coupon_name)))
    if amounts.fee:
        lines.append(("手数料", amounts.fee, ""))
    if amounts.coupon_discount:
        lines.append(
            ("クーポン値引き", -amounts.coupon_discount, f"「{coupon_name}」" if coupon_name else "")
        )
    if amounts.point_discount:
        lines.append(("ポイント利用", -amounts.point_discount, ""))
    return lines


def _why_free(amounts: Amounts, coupon_name: str) -> str:
    """Return the reason for free shipping."""
    return f"無料（「{coupon_name}」を利用）" if coupon_name and not amounts.coupon_discount else "無料"
