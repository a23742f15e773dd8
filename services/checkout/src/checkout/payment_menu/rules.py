"""The menu of payment methods from payments, and which methods suit an order.

No rule asks for the name of a method. The entry of a method contains what its pages need: a button, choices, or a page
after the order. A new method therefore needs no change here. A second wallet needs its own page and links: the pages of
checkout and members support one wallet, Amazon Pay (README, "A second wallet").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.errors import Refused

# `flow` says how the money comes; `deposit` says who makes the order 入金済み. Payments reports both for each method.
PaymentFlow = Literal["authorized", "prepaid", "unmanaged"]
PaymentDeposit = Literal["capture", "automatic", "by_hand", "never"]

UNAVAILABLE = "このご注文にはご利用頂けません"
"""The exact text next to a method that does not suit the order (KON-08)."""

UnsuitableReason = Literal["limit", "wallet_only", "not_in_wallet", "excluded_goods", "dated_delivery"]
"""Machine-readable reasons why a method does not suit the order (KON-42)."""


@dataclass(frozen=True, slots=True)
class OrderToPay:
    """What decides which methods suit an order.

    ``total`` is in yen. ``wallet_kind`` is the wallet of the present order page; only that wallet can pay there (AP-15,
    PAY-27). ``prepay_excluded``: the order contains goods that are not sold for payment in advance. ``is_dated``: the
    buyer chose a delivery date.
    """

    total: int
    wallet_kind: str | None = None
    prepay_excluded: bool = False
    is_dated: bool = False


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Option(_Part):
    """One option of a choice, such as a konbini chain."""

    value: str
    label: str


class MenuChoice(_Part):
    """A choice of the buyer for the method. The order stores it in ``payment_choice``."""

    name: str
    label: str
    options: tuple[Option, ...] = Field(min_length=1)


class Method(_Part):
    """One payment method on the menu.

    ``flow`` says when its money comes: held at order time (``authorized``), later (``prepaid``), or never through Noren
    (``unmanaged``). ``deposit`` says who makes the order 入金済み. ``paid_before_shipping`` says whether that comes before
    the parcel. The order stores all three.

    A wallet (``needs_wallet``) has a button in the cart and its own order page in place of the form (AP-11, AP-13). The
    buyer begins at ``start_path`` and changes address or instrument at ``change_path``. After the order is stored, the
    buyer goes to ``confirm_path``.
    """

    kind: str = Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")
    name: str
    hint: str = ""
    when_paid: str = ""
    needs_wallet: bool = False
    button_label: str = ""
    amount_min: int = 1
    amount_max: int | None = None
    fee: int = Field(0, ge=0)
    choices: tuple[MenuChoice, ...] = ()
    flow: PaymentFlow
    deposit: PaymentDeposit
    paid_before_shipping: bool
    start_path: str | None = Field(None, pattern=r"^/[a-z]")
    change_path: str | None = Field(None, pattern=r"^/[a-z]")
    confirm_path: str | None = Field(None, pattern=r"^/[a-z]")

    @model_validator(mode="before")
    @classmethod
    def _wallet_has_pages(cls, entry: Any) -> Any:
        """Set the default paths of a wallet that does not name its pages. They contain its kind."""
        if not isinstance(entry, Mapping) or not entry.get("needs_wallet"):
            return entry
        own = f"/payments/{entry.get('kind')}"
        pages = {f"{page}_path": f"{own}/{page}" for page in ("start", "change", "confirm")}
        return {**entry, **{name: entry.get(name) or path for name, path in pages.items()}}

    @model_validator(mode="before")
    @classmethod
    def _told_in_former_words(cls, entry: Any) -> Any:
        """Convert an entry of the former release, which describes the flow with three booleans."""
        if not isinstance(entry, Mapping) or entry.get("flow"):
            return entry
        if entry.get("authorized_at_order"):
            terms: tuple[str, str, bool] = ("authorized", "capture", False)
        elif entry.get("auto_captured") or entry.get("manual_deposit"):
            terms = ("prepaid", "automatic" if entry.get("auto_captured") else "by_hand", True)
        else:
            terms = ("unmanaged", "never", False)
        return {**entry, **dict(zip(("flow", "deposit", "paid_before_shipping"), terms, strict=True))}

    def as_kept(self) -> dict[str, Any]:
        """Return the entry for storage. It includes the fields that replicas of the former release read."""
        return {
            **self.model_dump(),
            "authorized_at_order": self.flow == "authorized",
            "auto_captured": self.deposit == "automatic",
            "manual_deposit": self.deposit == "by_hand",
        }

    @property
    def cart_button(self) -> str:
        """Return the label of its button in the cart. The display name of the shop does not change it (AP-11)."""
        return self.button_label or self.name.lower()

    @property
    def due(self) -> str:
        """Return the time of payment for the page of the law on distance selling (お支払い時期)."""
        return self.when_paid or "ご注文時にお手続きいただきます（ご請求日は決済会社の規約によります）"

    def unsuited(self, order: OrderToPay) -> UnsuitableReason | None:
        """Return why the method does not suit the order. Return None if it does.

        Limits are inclusive (KON-02). Every method suits a total of 0 yen, because no provider is called. Nobody knows
        when goods leave that are paid first: no delivery date for them (KON-07).
        """
        if order.wallet_kind is not None and self.kind != order.wallet_kind:
            return "not_in_wallet"
        if order.wallet_kind is None and self.needs_wallet:
            return "wallet_only"
        if order.total == 0:
            return None
        if order.prepay_excluded and self.flow == "prepaid":
            return "excluded_goods"
        if order.is_dated and self.paid_before_shipping:
            return "dated_delivery"
        if order.total < self.amount_min or (self.amount_max is not None and order.total > self.amount_max):
            return "limit"
        return None

    def why_unsuited(self, order: OrderToPay) -> str:
        """Return the text next to a method that does not suit the order, with its minimum."""
        if order.prepay_excluded and self.flow == "prepaid":
            return f"{UNAVAILABLE}（前払いをご利用いただけない商品が含まれています）"
        if 0 < order.total < self.amount_min:
            return f"{UNAVAILABLE}（お支払い金額が¥{self.amount_min:,}未満のためご利用いただけません）"
        if order.is_dated and self.paid_before_shipping:
            return f"{UNAVAILABLE}（お届け日をご指定のため）"
        return UNAVAILABLE


def check_choice(method: Method, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the checked choices that ``method`` defines. Raises Refused(choice_missing) at its field."""
    checked = {}
    for choice in method.choices:
        value = chosen.get(choice.name, "")
        if value not in {option.value for option in choice.options}:
            raise Refused(
                "choice_missing", f"{choice.label}を選択してください", field=choice.name, status=422
            )
        checked[choice.name] = value
    return checked


@dataclass(frozen=True)
class Menu:
    """The methods in use, in the order that payments gives."""

    methods: Sequence[Method] = ()

    def find(self, kind: str) -> Method | None:
        """Return the method of this kind. Return None if the shop does not use it."""
        return next((method for method in self.methods if method.kind == kind), None)

    @property
    def wallets(self) -> list[Method]:
        """Return the methods with a button of their own in the cart."""
        return [method for method in self.methods if method.needs_wallet]

    @property
    def for_form(self) -> list[Method]:
        """Return the methods that the standard form offers."""
        return [method for method in self.methods if not method.needs_wallet]
