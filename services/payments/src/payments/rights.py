"""What the role that runs payments may do with each of its tables; migrations grant it. A new table needs its line."""

from shared.database.migrations import ADDED_TO, ANY_ROW, CHANGED, DUE, READ, changed_in

RIGHTS = {
    "payments": CHANGED,
    "payment_history": ADDED_TO,
    # Personal data of buyers: kept as it came, and never changed; the owner erases it (erase_snapshots).
    "order_snapshots": ADDED_TO,
    "order_words": ADDED_TO,
    "payment_requests": CHANGED,
    # What a provider sent stays as it came; only what became of it changes.
    "notices": changed_in("state", "payment_id", "seen_by", *DUE),
    "receipts": ADDED_TO,
    "journal_lines": ADDED_TO,
    "settings": CHANGED,
    "setting_changes": ADDED_TO,
    "saved_searches": ANY_ROW,
    # Of the former release: it may read them until it is gone.
    "shop_settings": READ,
    "shop_settings_audit": READ,
    "revoked_sessions": ADDED_TO,
}
