"""The facts that other services sign for an order: reserved points and coupons, and the data of the wallet.

Both arrive as signed statements through the browser (decision 0005). These classes are their claims.
"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from checkout.pricing.coupon import Coupon
from checkout.pricing.price import Discounts


class _Claims(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ReservedBenefit(_Claims):
    """Points and perhaps a coupon, reserved by members for one order.

    ``registration`` means that the holder registers with this order (PNT-02). ``member_id`` is then the id that members
    chose for the holder. ``buyer_id`` and ``email`` identify the holder: the account at the wallet, and the address of
    the registration.
    """

    reservation_id: UUID
    member_id: UUID
    points: int = Field(0, ge=0)
    coupon: Coupon | None = None
    registration: bool = False
    buyer_id: str = ""
    email: str = ""

    def is_for(self, *, buyer_id: str, email: str) -> bool:
        """Return whether the benefit belongs to the registering buyer with this account and address."""
        same_address = self.email.strip().lower() == email.strip().lower()
        return bool(self.buyer_id and self.email) and self.buyer_id == buyer_id and same_address

    @property
    def discounts(self) -> Discounts:
        """Return the discounts that the benefit gives."""
        return Discounts(self.points, self.coupon)


class WalletAddress(_Claims):
    """An address from the wallet's address book, in Noren's fields. A field that the wallet does not know is empty."""

    name: str = ""
    postal_code: str = ""
    prefecture: str = ""
    address1: str = ""
    address2: str = ""
    phone: str = ""


class Wallet(_Claims):
    """The data that the wallet gives about its buyer. ``addresses`` is its address book, FIRST address first (AP-07).

    Without ``checkout_session_id`` the buyer only signed in, and the wallet cannot pay. ``error`` is the sentence for a
    buyer whose account cannot pay in this shop (AP-17). ``member_id`` is the member who was logged in when the buyer
    left for the wallet; None for a guest.
    """

    kind: str
    member_id: UUID | None = None
    checkout_session_id: str | None = None
    buyer_id: str
    name: str = ""
    email: str = ""
    addresses: tuple[WalletAddress, ...] = ()
    address: WalletAddress | None = None
    instrument: str = ""
    ceiling: int | None = None
    error: str | None = None

    @property
    def orderer(self) -> dict[str, str]:
        """Return the orderer's fields: name and e-mail address of the account, and the rest of the FIRST address."""
        first = self.addresses[0] if self.addresses else (self.address or WalletAddress())
        return {**first.model_dump(), "name": self.name or first.name, "email": self.email}
