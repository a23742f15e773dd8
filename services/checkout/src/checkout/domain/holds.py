"""How much stock one buyer may hold whose money is not sure: each such order keeps goods from everybody else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from checkout.domain.cart import merged
from checkout.domain.purchase import Purchase
from shared.errors import Refused


def counted_mail(email: str) -> str:
    """Return the mailbox under which orders are counted: small letters, without ``+tag``. For counting only.

    The index of ``storage/order_tables.py`` folds in the same way.
    """
    return re.sub("[+][^@]*@", "@", email.lower(), count=1)


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order that holds stock for money that is not sure; ``mail`` as :func:`counted_mail` folds it.

    ``awaits_yes``: a wallet or a card has not said yes. ``member_id`` in its usual text.
    """

    code: str
    mail: str
    client_address: str | None
    member_id: str | None = None
    awaits_yes: bool = False


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """What one buyer may hold; 0 is no limit.

    Open orders that nobody paid (or that are paid at the door and have not left) count per browser, client address
    and mailbox. Browser and client are the strict ones: they are the orderer's own, while anybody can type
    somebody else's mail address. Members have a limit of their own. ``guest_amount`` is yen of one order without
    authorization.
    """

    guest_email: int = 5
    guest_browser: int = 3
    guest_client: int = 10
    member: int = 10
    guest_pieces: int = 100
    guest_pieces_of_one: int = 30
    guest_amount: int = 300_000

    @property
    def orders_read_max(self) -> int:
        """Return how many orders of one buyer have to be known to judge the next."""
        return max(self.guest_email, self.guest_browser, self.guest_client, self.member)

    def check_size(self, purchase: Purchase, total: int, *, secured: bool) -> None:
        """Raise Refused if a guest's order is larger than shops sell unseen; ``secured``: the money is authorized."""
        if purchase.member_id is not None:
            return
        pieces = merged(purchase.lines).values()
        if self.guest_pieces_of_one and max(pieces, default=0) > self.guest_pieces_of_one:
            _refuse_size(f"1つの商品につき{self.guest_pieces_of_one}点までとなります。")
        if self.guest_pieces and sum(pieces) > self.guest_pieces:
            _refuse_size(f"1回のご注文につき合計{self.guest_pieces}点までとなります。")
        if self.guest_amount and not secured and total > self.guest_amount:
            raise Refused(
                "guest_amount_exceeded",
                f"ログインせずにこのお支払い方法でご注文いただけるのは、合計¥{self.guest_amount:,}までです。"
                "別のお支払い方法を選ぶか、会員としてログインしてからご注文ください。",
                field="payment_kind",
                status=422,
            )


class Holds:
    """The open orders of those who are ordering now, those of the same transaction included."""

    def __init__(self, limits: HoldLimits, held: Sequence[HeldOrder]) -> None:
        self.limits = limits
        self._held = list(held)

    def check(self, purchase: Purchase, *, secured: bool) -> None:
        """Raise Refused(too_many_unpaid_orders) if this buyer has as many as may be open.

        An order that is ``secured`` by an authorization is refused only where others of its browser await theirs.
        """
        limits = self.limits
        if purchase.member_id is not None:
            if not secured:
                member = str(purchase.member_id)
                _refuse_more(limits.member, [one.member_id == member for one in self._held])
            return
        ours = [one.code in purchase.earlier_orders for one in self._held if one.awaits_yes or not secured]
        _refuse_more(limits.guest_browser, ours)
        if secured:
            return
        if here := purchase.client_address:
            _refuse_more(limits.guest_client, [one.client_address == here for one in self._held])
        mail = counted_mail(purchase.orderer.email)
        _refuse_more(limits.guest_email, [one.mail == mail for one in self._held])

    def add(self, purchase: Purchase, code: str) -> None:
        """Count an order that this transaction is about to store."""
        member = str(purchase.member_id) if purchase.member_id is not None else None
        mail = counted_mail(purchase.orderer.email)
        self._held.append(HeldOrder(code, mail, purchase.client_address or None, member))


def _refuse_more(limit: int, counts: Sequence[bool]) -> None:
    """Refuse without a number: it would tell a stranger what is ordered under a mail address."""
    if limit and sum(counts) >= limit:
        raise Refused(
            "too_many_unpaid_orders",
            "お支払いまたは発送がお済みでないご注文があるため、新しいご注文をお受けできません。"
            "先のご注文のお支払いか発送が済むか、お支払い期限が過ぎてから、もう一度お試しください。",
            status=429,
        )


def _refuse_size(limit: str) -> None:
    raise Refused(
        "guest_pieces_exceeded",
        f"ログインせずにご注文いただける数量は、{limit}数量を変更するか、会員としてログインしてからご注文ください。",
        field="lines",
        status=422,
    )
