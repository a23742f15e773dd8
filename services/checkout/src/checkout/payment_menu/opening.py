"""Whether buyers can pay."""

from checkout.payment_menu.rows import read_menu
from shared.database.transactions import Tx
from shared.web.opening import OpeningStep


async def opening_steps(tx: Tx) -> list[OpeningStep]:
    """Return whether payments offers a method."""
    missing = [] if (await read_menu(tx)).methods else ["利用できるお支払い方法"]
    return [OpeningStep("お支払い方法", missing, "/desk/payments/settings", place=50)]
