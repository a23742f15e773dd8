"""What a buyer confirms, and whether it may become an order. No prices are believed, only wishes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson

from checkout.carts.rules import merged
from checkout.catalogue.rules import Product
from checkout.payment_menu.rules import UNAVAILABLE, Method
from checkout.placing.claims import Benefit, Wallet
from shared.errors import Refused
from shared.events import Address, Line, Orderer, Registration
from shared.ids import new_id


@dataclass(frozen=True)
class Purchase:
    """What the buyer confirmed with 「注文を確定する」.

    ``key`` is the idempotency key of this attempt. ``total_seen`` is the total in yen that the buyer's side
    showed: another total is refused, so that nobody pays what they did not see. ``wallet`` and ``benefit``
    were verified; ``registers`` makes the orderer a member with this order (AP-08). ``email_proved`` (of the member
    who is signed in), ``client_address`` and ``earlier_orders`` (of this browser) are only for the limit of unpaid
    orders.
    """

    key: str
    lines: tuple[tuple[str, int], ...]
    orderer: Orderer
    address: Address
    payment_kind: str
    payment_choice: Mapping[str, str] = field(default_factory=dict)
    total_seen: int | None = None
    cart_id: UUID | None = None
    member_id: UUID | None = None
    email_proved: bool = False
    benefit: Benefit | None = None
    wallet: Wallet | None = None
    registers: bool = False
    newsletter: bool = False
    client_address: str = ""
    earlier_orders: tuple[str, ...] = ()

    @property
    def counts_as_guest(self) -> bool:
        """Return whether nobody vouches for the buyer: a guest, or a member whose address is not proved."""
        return self.member_id is None or not self.email_proved

    @property
    def counted_client(self) -> str | None:
        """Return the client address under which the order counts; None for a member whose address is proved."""
        return (self.client_address or None) if self.counts_as_guest else None

    @property
    def fingerprint(self) -> str:
        """Return a hash of everything wanted: the same key with another one is another order (O3)."""
        wanted = {
            "lines": merged(self.lines),
            "orderer": self.orderer.model_dump(),
            "address": self.address.model_dump(),
            "payment": [self.payment_kind, dict(self.payment_choice)],
            "total_seen": self.total_seen,
            "cart_id": self.cart_id,
            "member_id": self.member_id,
            "benefit": self.benefit.reservation_id if self.benefit else None,
            "wallet": self.wallet.checkout_session_id if self.wallet else None,
            "registers": [self.registers, self.newsletter],
        }
        return hashlib.sha256(orjson.dumps(wanted, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def order_lines(wanted: tuple[tuple[str, int], ...], products: Mapping[str, Product]) -> list[Line]:
    """Return the lines at our own prices. Raises Refused(product_unknown) for what is not on sale."""
    lines = []
    for sku, quantity in merged(wanted).items():
        product = products.get(sku)
        if product is None or not product.on_sale:
            raise Refused(
                "product_unknown", "取り扱いのない商品が含まれています。", field="lines", status=422
            )
        lines.append(Line(sku=sku, name=product.name, quantity=quantity, unit_price=product.unit_price))
    if not lines:
        raise Refused("cart_empty", "カートに商品がありません。", field="lines", status=422)
    return lines


def check_benefit(purchase: Purchase, *, at: datetime) -> None:
    """Refuse points and coupons that were set aside for somebody else, and a coupon that ended."""
    benefit = purchase.benefit
    if benefit is None:
        return
    if benefit.coupon is not None:
        benefit.coupon.check_unexpired(at)
    if benefit.registration:
        if purchase.member_id is None and purchase.registers:
            _check_member_to_be(purchase, benefit)
            return
        raise Refused(
            "benefit_needs_registration",
            "会員登録ポイントのご利用には、ご注文と同時の会員登録が必要です。",
            field="register",
            status=422,
        )
    if benefit.member_id != purchase.member_id:
        raise Refused(
            "benefit_of_another",
            "ご利用ポイントを確認できませんでした。もう一度ポイントを指定してください。",
            field="points",
            status=422,
        )


def _check_member_to_be(purchase: Purchase, benefit: Benefit) -> None:
    """Refuse registration points that were set aside for another account or address than those of the order."""
    wallet = purchase.wallet
    if wallet is None or not benefit.is_for(buyer_id=wallet.buyer_id, email=purchase.orderer.email):
        raise Refused(
            "benefit_of_another",
            f"会員登録ポイントは、メールアドレス「{benefit.email}」で会員登録される場合にご利用いただけます。"
            "メールアドレスをお戻しいただくか、ご利用ポイントを0にしてください。",
            field="email",
            status=422,
        )


def check_method(method: Method, purchase: Purchase, total: int) -> None:
    """Refuse a method that does not suit this order, however it was submitted (KON-02, AP-15)."""
    wallet = purchase.wallet
    reason = method.unsuited(total, wallet_kind=wallet.kind if wallet else None)
    if reason is not None:
        raise Refused("method_unavailable", method.why_unsuited(total), field="payment_kind", status=422)
    if wallet is None:
        return
    if wallet.error is not None or wallet.checkout_session_id is None:
        raise Refused("wallet_not_ready", "お支払い方法の認証からやり直してください。", status=409)
    if wallet.ceiling is not None and total > wallet.ceiling:
        raise Refused("wallet_ceiling", UNAVAILABLE, field="payment_kind", status=422)


def _vouched_for(purchase: Purchase) -> bool:
    """Tell whether the orderer's address is the wallet's own, and not another one that was typed."""
    wallet = purchase.wallet
    return wallet is not None and wallet.email.strip().lower() == purchase.orderer.email.strip().lower() != ""


def registration_of(purchase: Purchase) -> Registration | None:
    """Return who becomes a member with this order, under the id that the points were set aside for."""
    if not purchase.registers or purchase.member_id is not None:
        return None
    benefit, wallet = purchase.benefit, purchase.wallet
    return Registration(
        member_id=benefit.member_id if benefit and benefit.registration else new_id(),
        newsletter=purchase.newsletter,
        wallet_kind=wallet.kind if wallet else None,
        wallet_buyer_id=wallet.buyer_id if wallet else None,
        email_proved=_vouched_for(purchase),
    )
