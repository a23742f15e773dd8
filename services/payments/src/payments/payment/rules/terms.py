"""What a method is, in words that the rules understand: no rule outside a method's folder asks its name."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

CapturePolicy = Literal["on_shipped", "by_staff", "in_provider_console"]
CAPTURE_POLICIES: tuple[CapturePolicy, ...] = ("on_shipped", "by_staff", "in_provider_console")


@dataclass(frozen=True)
class Terms:
    """How payments by a method run.

    ``flow``: ``authorized`` holds the money at order time; ``prepaid`` issues a number once stock is held
    and waits for the money; ``unmanaged`` never passes through us (PAY-13).
    ``deposit``: who makes the order 入金済み: a ``capture`` at the provider, the payment itself
    (``automatic``), staff ``by_hand``, or nobody (``never``).
    ``grace``: how long after the deadline money is still accepted (KON-18).
    ``capture_days_max``: captures by the shop are refused after so many times 24 hours from the order
    (AP-39), or from the last re-authorization; the hold is given back then.
    ``captured_source``: what ``PaymentCaptured`` names as source when nobody at the shop asked for it.
    ``may_reauthorize``: whether a hold that ended may be asked for once more without the buyer (PAY-30).
    ``part_captures``: whether a hold may be captured in several parts; what is not captured yet stays held.
    ``visit``: how long after the order the buyer may be at the provider's page; an authorization that still waits for
    the buyer then has failed (``buyer_abandoned``). None where buyers do not go there, or the method ends it itself.
    ``parcels``: whether parcels that leave are ``kept`` with the payment, for who wants them at the capture, or are
    ``told`` to the provider, each by a call of its own; by default nothing of them is kept.
    ``part_refunds``: whether less than the whole may go back through the provider, several times.
    ``deposit_mail``: whether the mail about the deposit goes out by itself (``automatic``), where it is ``asked`` for,
    or ``never`` (X-11).
    """

    flow: Literal["authorized", "prepaid", "unmanaged"]
    deposit: Literal["capture", "automatic", "by_hand", "never"]
    grace: timedelta = timedelta(0)
    capture_days_max: int | None = None
    captured_source: Literal["provider_console", "konbini_notice", "manual_deposit"] = "provider_console"
    deposit_mail: Literal["automatic", "asked", "never"] = "asked"
    may_reauthorize: bool = False
    part_captures: bool = False
    part_refunds: bool = True
    visit: timedelta | None = None
    parcels: Literal["unasked", "kept", "told"] = "unasked"

    @property
    def paid_before_shipping(self) -> bool:
        """Return whether an order is sent only once its money is here."""
        return self.flow == "prepaid"
