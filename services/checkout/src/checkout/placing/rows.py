"""One query that reads the rows for computing and checking orders."""

from collections.abc import Sequence
from dataclasses import dataclass

from checkout.payment_menu.rows import menu_of
from checkout.payment_menu.rules import Menu
from checkout.placing.order_wish import OrderWish
from checkout.placing.reserved_stock import UnsecuredOrder
from checkout.placing.unsecured_orders import UNSECURED_ORDERS
from checkout.shop.front import FRONT_SQL, ShopFront, front_of
from shared.database.transactions import Tx
from shared.text.mail_address import counted_mail

_RULES = f"""
    SELECT {FRONT_SQL},
        (SELECT methods FROM method_menu WHERE menu_id = 1) AS methods, ({UNSECURED_ORDERS}) AS unsecured
"""  # noqa: S608 - our own statements


@dataclass(frozen=True, slots=True)
class OrderingRules:
    """The rows of checkout from which an order is computed and checked."""

    front: ShopFront
    menu: Menu
    unsecured: Sequence[UnsecuredOrder]


async def read_rules(
    tx: Tx,
    *,
    buyers: Sequence[OrderWish],
    orders_max: int,
) -> OrderingRules:
    """Return the settings in force, the stored menu and the open orders of these buyers, with one query.

    ``orders_max`` is the most orders that are read of one client, mailbox, member or wallet.
    """
    guests = {
        (counted_mail(one.orderer.email), one.counted_client)
        for one in buyers
        if one.counted_client is not None
    }
    mails = sorted(guests)
    row = await tx.row(
        _RULES,
        mails=[mail for mail, _ in mails],
        mail_clients=[client for _, client in mails],
        clients=sorted({client for _, client in mails}),
        members=sorted({one.member_id for one in buyers if one.member_id is not None}),
        buyers=sorted({one.wallet.buyer_id for one in buyers if one.wallet is not None}),
        codes=sorted({code for one in buyers if one.counts_as_guest for code in one.earlier_orders}),
        orders_max=orders_max,
    )
    assert row is not None
    return OrderingRules(
        front_of(row),
        menu_of(row.methods),
        [UnsecuredOrder(**one) for one in row.unsecured or ()],
    )
