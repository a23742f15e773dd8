"""The rights of members' run role on each table. Migrations grant them. A new table needs a line."""

from shared.database.migrations import ADDED_TO, ANY_ROW, CHANGED, READ, SWEPT, changed_in

RIGHTS = {
    "members": CHANGED,
    "past_passwords": ADDED_TO,
    "amazon_links": SWEPT,
    "ended_amazon_links": ADDED_TO,
    "amazon_registrations": ADDED_TO,
    "registration_mailboxes": ADDED_TO,
    # Roles are given, changed and disabled at the desk. Only the owner of the tables removes one (remove_staff).
    "staff": CHANGED,
    "staff_invitations": changed_in("used_at", "void_at"),
    "staff_second_factors": ANY_ROW,
    "staff_recovery_codes": ANY_ROW,
    "sessions": changed_in("revoked_at", "used_at"),
    "known_devices": SWEPT,
    "login_attempts": SWEPT,
    "paced_deeds": SWEPT,
    "mail_requests": changed_in("void_at", "used_at"),
    "reset_wishes": ANY_ROW,
    "used_wallets": SWEPT,
    "staff_deeds": ADDED_TO,
    "settings": CHANGED,
    "setting_changes": ADDED_TO,
    "shop_identity": CHANGED,
    "saved_searches": ANY_ROW,
    # The former release still reads these tables.
    "rule_versions": READ,
    "point_balances": CHANGED,
    "point_postings": ADDED_TO,
    "point_grants": CHANGED,
    "member_orders": CHANGED,
    "benefit_reservations": CHANGED,
    "coupons": CHANGED,
    "issued_coupons": CHANGED,
    "coupon_entries": ADDED_TO,
}
