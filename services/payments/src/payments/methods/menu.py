"""What checkout has to know of a payment method before there is a payment."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Option:
    """One thing a buyer can choose, such as a chain."""

    value: str
    label: str


@dataclass(frozen=True)
class MenuChoice:
    """A choice the buyer makes at the order; it travels as ``payment_choice[name]``."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True)
class Menu:
    """What checkout has to know to offer the method and to run its desk.

    ``name`` is what the shop may change (AP-33), ``button_label`` what stands on a wallet's button whatever the name.
    ``confirm_path`` is where the buyer goes once the order is placed: for visits, :attr:`Method.go_path`.

    ``when_paid`` is when the buyer pays, as the page of the law on distance selling tells it (お支払い時期); empty for
    with the order. Amounts in yen, inclusive; ``amount_max=None`` is no limit. ``bulk_capture`` and ``manual_deposit`` say
    whether 「注文を入金済みにする」 may tick the order and whether a deposit date may be entered (PAY-06,
    PAY-07); ``deposit_mail`` whether the deposit mail may be sent at all (X-11); ``warn_early_processed``
    whether an early 処理済み would hide an uncaptured order (PAY-11). Only checkout of the former release reads ``group``,
    ``authorized_at_order``, ``auto_captured`` and ``manual_deposit``; this one reads the method's terms beside them. A
    method that the former release does not know leaves ``group`` out.
    """

    kind: str
    name: str
    group: str = ""
    hint: str = ""
    when_paid: str = ""
    needs_wallet: bool = False
    button_label: str = ""
    confirm_path: str | None = None
    amount_min: int = 1
    amount_max: int | None = None
    fee: int = 0
    choices: tuple[MenuChoice, ...] = ()
    authorized_at_order: bool = False
    auto_captured: bool = False
    bulk_capture: bool = False
    manual_deposit: bool = False
    deposit_mail: bool = True
    provider_status_shown: bool = False
    warn_early_processed: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the menu entry as plain values."""
        return asdict(self)
