"""What a method is, in terms of the rules. No rule outside the folder of a method asks for its name."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

CapturePolicy = Literal["on_shipped", "by_staff", "in_provider_console"]
CAPTURE_POLICIES: tuple[CapturePolicy, ...] = ("on_shipped", "by_staff", "in_provider_console")


@dataclass(frozen=True)
class Terms:
    """How payments by a method run.

    - ``flow``: ``authorized`` holds the money when the order is placed. ``prepaid`` issues a number after the stock
      is reserved, and waits for the money. ``unmanaged`` never passes through Noren (PAY-13).
    - ``deposit``: what makes the order 入金済み: a ``capture`` at the provider, the payment itself (``automatic``), staff
      (``by_hand``), or nothing (``never``).
    - ``grace``: how long after the deadline money is accepted (KON-18).
    - ``capture_days_max``: the shop may capture for so many times 24 hours after the order (AP-39) or the last
      re-authorization. Then the hold is released.
    - ``captured_source``: the source in ``PaymentCaptured`` if nobody at the shop asked for the money.
      ``provider_console``: somebody took a held amount there. ``provider_notice``: the buyer paid, and the provider
      reports it. ``manual_deposit``: staff saw the money.
    - ``may_reauthorize``: whether an ended hold may be requested once more without the buyer (PAY-30).
    - ``part_captures``: whether a hold may be captured in several parts. The rest stays held.
    - ``visit``: how long after the order the buyer may be at the provider's page. An authorization that then still
      waits for the buyer has failed (``buyer_abandoned``). None: buyers do not go there, or the method ends the visit
      itself.
    - ``parcels``: sent parcels are ``kept`` with the payment for the capture, or are also ``reported`` to the provider,
      each by its own request. By default nothing is kept.
    - ``part_refunds``: whether the provider refunds less than the whole, several times.
    - ``deposit_mail``: whether the mail about the deposit is sent ``automatic``, if ``asked`` for, or ``never``
      (X-11).
    """

    flow: Literal["authorized", "prepaid", "unmanaged"]
    deposit: Literal["capture", "automatic", "by_hand", "never"]
    grace: timedelta = timedelta(0)
    capture_days_max: int | None = None
    captured_source: Literal["provider_console", "provider_notice", "manual_deposit"] = "provider_console"
    deposit_mail: Literal["automatic", "asked", "never"] = "asked"
    may_reauthorize: bool = False
    part_captures: bool = False
    part_refunds: bool = True
    visit: timedelta | None = None
    parcels: Literal["not_kept", "kept", "reported"] = "not_kept"

    @property
    def paid_before_shipping(self) -> bool:
        """Return whether an order is sent only after its money is here."""
        return self.flow == "prepaid"
