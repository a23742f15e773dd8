"""Which steps orders and payments may take, written down by hand, not read from the services.

If this and a service's own
table differ, one of them is wrong, and a test says so.
"""

ORDER_BEGINS = {
    "status": "in_progress",
    "deposit": "unpaid",
    "shipping": "unshipped",
    "payment": "awaited",
}

# Axis of an order -> steps it may take, one at a time.
ORDER_STEPS: dict[str, frozenset[tuple[str, str]]] = {
    "status": frozenset(
        {("in_progress", "processed"), ("in_progress", "cancelled"), ("processed", "cancelled")}
    ),
    # Money that is taken back, or goes back, leaves the order unpaid.
    "deposit": frozenset({("unpaid", "paid"), ("paid", "unpaid")}),
    "shipping": frozenset({("unshipped", "shipped")}),
    "payment": frozenset(
        {
            ("awaited", "authorized"),
            ("awaited", "number_issued"),
            ("awaited", "captured"),
            ("awaited", "failed"),
            ("awaited", "expired"),
            ("awaited", "voided"),
            ("authorized", "captured"),
            ("authorized", "voided"),
            ("number_issued", "captured"),
            ("number_issued", "expired"),
            ("number_issued", "failed"),
            ("number_issued", "voided"),
            # Money that comes after the end, and goes back.
            ("failed", "captured"),
            ("expired", "captured"),
            ("voided", "captured"),
            ("captured", "refunded"),
            # The hold ended, and perhaps a new one took its place.
            ("authorized", "lapsed"),
            ("lapsed", "authorized"),
            ("lapsed", "captured"),
            ("lapsed", "voided"),
            ("lapsed", "refunded"),
            # A void of a hold that nobody at the shop cancelled is told in two words; they may cross.
            ("voided", "lapsed"),
            ("voided", "authorized"),
            # A part of the money went back.
            ("captured", "refunded_in_part"),
            ("refunded_in_part", "refunded"),
            # What came in was taken back; the order waits for money, or is over.
            ("captured", "short"),
            ("refunded_in_part", "short"),
            *(
                ("short", after)
                for after in ("authorized", "lapsed", "captured", "expired", "voided", "refunded")
            ),
        }
    ),
}

# Money that comes after a cancellation goes straight back; no capture is told in between.
REFUNDED_AT_ONCE = frozenset(
    {
        (before, after)
        for before in ("awaited", "authorized", "number_issued")
        for after in ("refunded", "refunded_in_part")
    }
)

# A cancelled order is over: only what its payment still does is noted (refund edges).
AFTER_CANCELLATION = frozenset({"payment"})

_BEGINNING = ("placed", "requested", "waiting_for_buyer", "pending", "unknown")
_FIRST_WORDS = (
    "waiting_for_buyer",
    "pending",
    "unknown",
    "waiting",
    "authorized",
    "captured",
    "declined",
    "voided",
)

PAYMENT_STEPS: frozenset[tuple[str, str]] = frozenset(
    {
        ("placed", "requested"),
        ("placed", "voided"),
        ("placed", "captured"),
        *((before, after) for before in _BEGINNING[1:] for after in _FIRST_WORDS if before != after),
        ("waiting", "voiding"),
        ("waiting", "captured"),
        ("waiting", "voided"),
        ("waiting", "expired"),
        ("authorized", "capturing"),
        ("authorized", "voiding"),
        ("authorized", "captured"),
        ("authorized", "declined"),
        ("authorized", "voided"),
        ("authorized", "expired"),
        ("capturing", "captured"),
        ("capturing", "declined"),
        ("capturing", "authorized"),
        ("capturing", "voided"),
        ("capturing", "expired"),
        ("captured", "refunding"),
        ("voiding", "voided"),
        ("voiding", "captured"),
        ("refunding", "refunded"),
        # A refund that failed leaves money here that has to go back; staff may have it tried again.
        ("refunding", "owed"),
        ("owed", "refunding"),
        # Money that comes for a payment that is over goes back.
        ("voided", "refunding"),
        ("declined", "refunding"),
        ("expired", "refunding"),
        ("refunded", "refunding"),
        # A receipt that the till took back leaves nothing to give back.
        ("refunding", "voided"),
        ("owed", "voided"),
        # The provider does not report the capture any more, and the order is over.
        ("captured", "voided"),
        # The till took back what had paid a number, and the number waits again.
        ("captured", "waiting"),
        # Money came before its number was issued.
        ("placed", "refunding"),
        # What had gone back did not: a chargeback was won, a refund was another order's, or staff keep what is here.
        *((before, "captured") for before in ("owed", "refunded", "refunding")),
        ("refunded", "owed"),
        # A hold that staff had disowned is the order's again, and the provider still reports it.
        *((before, "authorized") for before in ("voided", "declined", "expired", "short")),
        # Less than the whole was taken, or a receipt came to nothing: the rest is missing.
        *(
            (before, "short")
            for before in ("authorized", "capturing", "voiding", "reauthorizing", "captured")
        ),
        # Nothing was held any more, and others took money on the same agreement.
        *((before, "short") for before in ("voided", "declined", "expired")),
        *(("short", after) for after in ("captured", "reauthorizing", "refunding", "voided")),
        # A hold that is over is asked for once more.
        *((before, "reauthorizing") for before in ("voided", "declined", "expired")),
        *(("reauthorizing", after) for after in ("authorized", "declined", "voided")),
    }
) - {("pending", "waiting_for_buyer"), ("pending", "unknown")}
PAYMENT_ENDS = frozenset({"unmanaged"})
