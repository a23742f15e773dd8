"""Staff change the settings of payments that stand on one page, all of them or none."""

from collections.abc import Mapping
from datetime import datetime

from payments.methods.registry import Methods
from payments.shop.rows import PaymentSettings, read_payment_settings
from payments.shop.rules import CaptureSettings, MethodSettings
from shared.database.transactions import Tx
from shared.shop.settings.change_settings import Changer, change, lock_settings
from shared.shop.versions import check_seen


async def change_payment_settings(
    tx: Tx,
    capture: CaptureSettings,
    methods: Mapping[str, MethodSettings],
    *,
    offered: Methods,
    by: Changer,
    at: datetime,
    seen: str,
) -> int:
    """Set what holds for capturing and for each of ``methods``, by kind; return how many settings changed.

    Raises Refused if other settings than those ``seen`` (:func:`plain_settings`) are in force.
    """
    await lock_settings(tx)
    check_seen(seen, plain_settings(await read_payment_settings(tx), offered))
    changed = await change(tx, capture, by=by, at=at)
    for kind, wanted in methods.items():
        called = offered[kind].menu().name
        changed += await change(tx, wanted, by=by, at=at, subject=kind, called=called)
    return len(changed)


def plain_settings(settings: PaymentSettings, methods: Methods) -> dict[str, object]:
    """Return all that the page shows, for its version."""
    return {"": settings.capture.plain(), **{kind: settings.method(kind).plain() for kind in methods}}
