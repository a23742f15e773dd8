"""Limits for the stock reserved for one buyer without secured money. Other buyers cannot order these goods."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from checkout.placing.order_wish import OrderWish
from shared.errors import Refused
from shared.text.mail_address import counted_mail


@dataclass(frozen=True, slots=True)
class UnsecuredOrder:
    """An order with reserved stock but without secured money. ``mail`` is folded by :func:`counted_mail`.

    ``client_address`` is None for an order of a member with a proved address. ``awaits_yes`` means that the wallet or
    card has not authorized yet. ``member_id`` is the UUID as text.
    """

    code: str
    mail: str
    client_address: str | None
    member_id: str | None = None
    buyer_id: str | None = None
    awaits_yes: bool = False


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """The largest allowed size of one order; 0 is no limit. ``amount`` is in yen and counts without authorization."""

    pieces: int = 0
    pieces_of_one: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class StockLimits:
    """The most orders of one buyer that may reserve stock without secured money; 0 is no limit.

    An order counts while it is open and unpaid, or is to be paid at the door and not shipped. Orders of members count
    per member and per account of a wallet. Orders of guests also count per browser, per client address, and per mailbox
    at one client address. A limit per mailbox alone would be wrong: a stranger can type any mail address and would lock
    out its owner. A stranger can also sign up, so a member counts as a guest until the address is proved.
    """

    guest_email: int = 5
    guest_browser: int = 3
    guest_client: int = 10
    member: int = 10
    wallet: int = 3
    guest_size: SizeLimits = SizeLimits(pieces=100, pieces_of_one=30, amount=300_000)
    member_size: SizeLimits = SizeLimits(pieces=300, amount=1_000_000)

    @property
    def orders_read_max(self) -> int:
        """Return how many orders of one buyer the check of the next order needs."""
        return max(self.guest_email, self.guest_browser, self.guest_client, self.member, self.wallet)

    def check_size(self, wish: OrderWish, total: int, *, secured: bool) -> None:
        """Raise Refused if an order is too large without review. ``secured`` means that the money is authorized."""
        if not wish.counts_as_guest:
            if not secured:
                _check_size(self.member_size, wish, total, _MEMBER)
            return
        words = _GUEST if wish.member_id is None else _UNPROVED
        _check_size(self.guest_size, wish, 0 if secured else total, words)


class ReservedStock:
    """The open orders of the present buyers, including those of the same transaction."""

    def __init__(self, limits: StockLimits, orders: Sequence[UnsecuredOrder]) -> None:
        self.limits = limits
        self._orders = list(orders)

    def check(self, wish: OrderWish, *, secured: bool) -> None:
        """Raise Refused(too_many_unpaid_orders) if this buyer has reached a limit of open orders.

        An order ``secured`` by an authorization is refused only if other orders of its buyer await authorization.
        """
        counted = [one for one in self._orders if one.awaits_yes or not secured]
        for limit, is_theirs in self._counts(wish):
            if limit and sum(map(is_theirs, counted)) >= limit:
                raise _too_many(wish)

    def _counts(self, wish: OrderWish) -> Iterator[tuple[int, Callable[[UnsecuredOrder], bool]]]:
        """Yield each limit that applies to this buyer, with the orders that it counts."""
        limits = self.limits
        if wish.member_id is not None:
            member = str(wish.member_id)
            yield limits.member, lambda one: one.member_id == member
        if wish.wallet is not None:
            buyer = wish.wallet.buyer_id
            yield limits.wallet, lambda one: one.buyer_id == buyer
        if not wish.counts_as_guest:
            return
        yield limits.guest_browser, lambda one: one.code in wish.earlier_orders
        if here := wish.client_address:
            mail = counted_mail(wish.orderer.email)
            yield limits.guest_client, lambda one: one.client_address == here
            yield limits.guest_email, lambda one: (one.client_address, one.mail) == (here, mail)

    def add(self, wish: OrderWish, code: str, *, secured: bool) -> None:
        """Count an order that this transaction will store."""
        self._orders.append(
            UnsecuredOrder(
                code,
                counted_mail(wish.orderer.email),
                wish.counted_client,
                member_id=str(wish.member_id) if wish.member_id is not None else None,
                buyer_id=wish.wallet.buyer_id if wish.wallet else None,
                awaits_yes=secured,
            )
        )


@dataclass(frozen=True, slots=True)
class _Words:
    """The texts of a limit: the limited kind of buyer, and what the buyer can do."""

    kind: str
    condition: str
    way_out: str


_GUEST = _Words("guest", "ログインせずに", "会員としてログインしてから")
_UNPROVED = _Words("guest", "メールアドレスの確認前に", "マイページからメールアドレスを確認してから")
_MEMBER = _Words("member", "お支払い前に", "")


def _check_size(limits: SizeLimits, wish: OrderWish, total: int, words: _Words) -> None:
    pieces = wish.pieces.values()
    if limits.pieces_of_one and max(pieces, default=0) > limits.pieces_of_one:
        raise _too_many_pieces(words, f"1つの商品につき{limits.pieces_of_one}点")
    if limits.pieces and sum(pieces) > limits.pieces:
        raise _too_many_pieces(words, f"1回のご注文につき合計{limits.pieces}点")
    if limits.amount and total > limits.amount:
        raise Refused(
            f"{words.kind}_amount_exceeded",
            f"{words.condition}このお支払い方法でご注文いただけるのは、合計¥{limits.amount:,}までです。"
            + _or("別のお支払い方法を選ぶ", words, "別のお支払い方法をお選びください。"),
            field="payment_kind",
            status=422,
        )


def _too_many_pieces(words: _Words, most: str) -> Refused:
    return Refused(
        f"{words.kind}_pieces_exceeded",
        f"{words.condition}ご注文いただける数量は、{most}までとなります。"
        + _or("数量を変更する", words, "数量を変更するか、別のお支払い方法をお選びください。"),
        field="lines",
        status=422,
    )


def _or(deed: str, words: _Words, alone: str) -> str:
    return f"{deed}か、{words.way_out}ご注文ください。" if words.way_out else alone


def _too_many(wish: OrderWish) -> Refused:
    """Return the refusal without a number. A number would show a stranger how much is ordered under a mail address."""
    hint = ""
    if wish.counts_as_guest:
        hint = (
            "メールアドレスを確認済みの会員の方は、ログインするとご注文いただけることがあります。"
            if wish.member_id is None
            else "マイページからメールアドレスを確認されると、ご注文いただけることがあります。"
        )
    return Refused(
        "too_many_unpaid_orders",
        "お支払いまたは発送がお済みでないご注文があるため、新しいご注文をお受けできません。"
        "先のご注文のお支払いか発送が済むか、お支払い期限が過ぎてから、もう一度お試しください。"
        "先のご注文の取り消しをご希望の場合は、お店までご連絡ください。" + hint,
        status=429,
    )
