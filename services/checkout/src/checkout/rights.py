"""The rights of checkout's run role on each table. Migrations grant them. A new table needs a line."""

from shared.database.migrations import ADDED_TO, ANY_ROW, CHANGED, DUE, READ, SWEPT, changed_in

RIGHTS = {
    "categories": ANY_ROW,
    "listings": CHANGED,
    "listing_categories": ANY_ROW,
    "listing_pictures": ANY_ROW,
    "picture_sweeps": changed_in(*DUE),
    "products": CHANGED,
    "stock": CHANGED,
    "stock_entries": ADDED_TO,
    "carts": CHANGED,
    "cart_lines": ANY_ROW,
    "new_carts": SWEPT,
    "placements": ADDED_TO,
    "limited_pieces": ADDED_TO,
    "method_menu": CHANGED,
    "settings": CHANGED,
    "setting_changes": ADDED_TO,
    "saved_searches": ANY_ROW,
    # The former release still reads these tables.
    "shop_settings": READ,
    "shop_settings_audit": READ,
    "orders": CHANGED,
    "order_destinations": CHANGED,
    "order_lines": ADDED_TO,
    "order_history": ADDED_TO,
    "order_words": ADDED_TO,
    "catch_up": changed_in(*DUE),
    "order_payments": CHANGED,
    "order_money": ADDED_TO,
    "order_benefits": ADDED_TO,
    "order_memberships": ADDED_TO,
    "timeline": ADDED_TO,
    "order_look_ups": SWEPT,
    "revoked_sessions": ADDED_TO,
}
