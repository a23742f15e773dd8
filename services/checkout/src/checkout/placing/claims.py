"""What other services vouch for at the moment of the order: points set aside, and what the wallet says.

Both come as signed statements through the browser (decision 0005). These classes are their claims.
"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from checkout.pricing.coupon import Coupon
from checkout.pricing.price import Discounts


class _Claims(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Benefit(_Claims):
    """Points and perhaps a coupon, set aside by members for one order.

    ``registration``: the holder is about to become a member with this very order (PNT-02), and ``member_id`` is the
    id that was chosen for them. ``buyer_id`` and ``email`` name them: the wallet's account, and the address that
    they register with.
    """

    reservation_id: UUID
    member_id: UUID
    points: int = Field(0, ge=0)
    coupon: Coupon | None = None
    registration: bool = False
    buyer_id: str = ""
    email: str = ""

    def is_for(self, *, buyer_id: str, email: str) -> bool:
        """Return whether it is for the member to be who has this account and address."""
        same_address = self.email.strip().lower() == email.strip().lower()
        return bool(self.buyer_id and self.email) and self.buyer_id == buyer_id and same_address

    @property
    def discounts(self) -> Discounts:
        """Return what it takes off the price."""
        return Discounts(self.points, self.coupon)


class WalletAddress(_Claims):
    """An address of the wallet's book, in our fields; what the wallet does not know is empty."""

    name: str = ""
    postal_code: str = ""
    prefecture: str = ""
    address1: str = ""
    address2: str = ""
    phone: str = ""


class Wallet(_Claims):
    """What the wallet says of its buyer. ``addresses`` is the whole book, FIRST address first (AP-07).

    Without ``checkout_session_id`` the buyer only signed in, and nothing can be paid with it. ``error`` is
    the sentence for a buyer whose account cannot pay here (AP-17).
    """

    kind: str
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
        """Return the orderer's fields: name and e-mail of the account, the rest of the FIRST address."""
        first = self.addresses[0] if self.addresses else (self.address or WalletAddress())
        return {**first.model_dump(), "name": self.name or first.name, "email": self.email}
