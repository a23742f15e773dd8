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
    """A choice of the buyer at the order. It travels as ``payment_choice[name]``."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True)
class Menu:
    """What checkout has to know to offer the method and to run its desk.

    - ``name``: the shop may change it (AP-33). ``button_label``: the text on a wallet's button, whatever the name is.
    - ``confirm_path``: where the buyer goes after the order was placed. For visits it is :attr:`Visits.go_path`.
    - ``when_paid``: when the buyer pays, for the page of the law on distance selling (お支払い時期). Empty: with the order.
    - Amounts are in yen, inclusive. ``amount_max=None`` is no limit.
    - ``bulk_capture``: whether 「注文を入金済みにする」 may tick the order (PAY-06).
    - ``manual_deposit``: whether staff may enter a deposit date (PAY-07).
    - ``deposit_mail``: whether the deposit mail may be sent at all (X-11).
    - ``warn_early_processed``: whether an early 処理済み would hide an uncaptured order (PAY-11).

    Only checkout of the previous release reads ``group``, ``authorized_at_order``, ``auto_captured`` and
    ``manual_deposit``. This release also reads the method's terms. A new method leaves ``group`` out.
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
