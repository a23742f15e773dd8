"""The rights of notifications' run role on each table. Migrations grant them. A new table needs a line."""

from shared.database.migrations import ADDED_TO, ANY_ROW, CHANGED, READ, changed_in

RIGHTS = {
    "contacts": changed_in("cancelled_at", "email", "ended_money", "ended_money_at", "placed"),
    "order_words": ADDED_TO,
    "mails": CHANGED,
    "mail_attempts": CHANGED,
    "settings": CHANGED,
    "setting_changes": ADDED_TO,
    "shop_identity": CHANGED,
    "saved_searches": ANY_ROW,
    # The former release still reads these tables.
    "mail_settings": READ,
    "mail_setting_changes": READ,
    "revoked_sessions": ADDED_TO,
}
