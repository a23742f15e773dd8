"""The rights of the run role of payments on each of its tables. Migrations grant them. A new table needs its line."""

from shared.database.migrations import ADDED_TO, ANY_ROW, CHANGED, DUE, READ, changed_in

RIGHTS = {
    "payments": CHANGED,
    "payment_history": ADDED_TO,
    # Personal data of buyers: stored as it came, and never changed. The owner erases it (erase_snapshots).
    "order_snapshots": ADDED_TO,
    "order_words": ADDED_TO,
    "payment_requests": CHANGED,
    # A notice stays as it came. Only its state changes.
    "notices": changed_in("state", "payment_id", "seen_by", *DUE),
    "receipts": ADDED_TO,
    "journal_lines": ADDED_TO,
    "settings": CHANGED,
    "setting_changes": ADDED_TO,
    "shop_identity": CHANGED,
    "saved_searches": ANY_ROW,
    # Tables of the previous release, which may read them until it is gone.
    "shop_settings": READ,
    "shop_settings_audit": READ,
    "revoked_sessions": ADDED_TO,
}
