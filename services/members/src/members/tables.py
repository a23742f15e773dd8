"""The tables of members. Ledgers and audits are append-only for the role that runs the service."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from members.coupons import tables as coupon_tables
from members.metadata import MOMENT, metadata
from members.points import tables as point_tables
from shared.due import due_columns, due_index
from shared.inbox import inbox_table
from shared.outbox import outbox_table

__all__ = ["coupon_tables", "metadata", "point_tables"]

outbox_table(metadata)
inbox_table(metadata)

members = Table(
    "members",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kana", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False),
    # How addresses are compared: one account per address, however it is capitalised (A1).
    Column("email_key", Text, nullable=False, unique=True),
    Column("phone", Text, nullable=False, server_default=""),
    Column("postal_code", Text, nullable=False, server_default=""),
    Column("prefecture", Text, nullable=False, server_default=""),
    Column("address1", Text, nullable=False, server_default=""),
    Column("address2", Text, nullable=False, server_default=""),
    Column("newsletter", Boolean, nullable=False, server_default=text("false")),
    # NULL: the member never had a password and logs in with Amazon (MEM-06).
    Column("password_hash", Text),
    Column("registered_at", MOMENT, nullable=False),
    Column("registered_via", Text, nullable=False),
    Column("order_code", Text),
    # Proved by a link that was mailed there, or vouched for by Amazon; NULL while nobody has (MEM-38).
    Column("email_verified_at", MOMENT),
    # When all logins were ended for the last time: an Amazon login of before then is no login any more.
    Column("sessions_ended_at", MOMENT),
    CheckConstraint("registered_via IN ('form', 'amazon', 'order', 'desk')", name="members_registered_via"),
)
Index("members_registered_at", members.c.registered_at)

# Every password the account ever had, the present one included (MEM-22).
past_passwords = Table(
    "past_passwords",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("set_at", MOMENT, primary_key=True),
    Column("password_hash", Text, nullable=False),
    info={"append_only": True},
)

# Written once per member and per Amazon account; the moment never changes (MEM-13, X-20). A link that ends is
# moved to ended_amazon_links.
amazon_links = Table(
    "amazon_links",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("buyer_id", Text, nullable=False, unique=True),
    Column("linked_at", MOMENT, nullable=False),
    Column("path", Text, nullable=False),
    CheckConstraint("path IN ('order', 'registration', 'login')", name="amazon_links_path"),
)

# Links of former times: undone by the member, or older than the proof of the address.
ended_amazon_links = Table(
    "ended_amazon_links",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("linked_at", MOMENT, primary_key=True),
    Column("ended_at", MOMENT, primary_key=True),
    Column("buyer_id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
    CheckConstraint("reason IN ('undone', 'address_proved')", name="ended_amazon_links_reason"),
    info={"append_only": True},
)

# Amazon accounts that somebody registered with, linked or not: each gets registration points at once only once.
amazon_registrations = Table(
    "amazon_registrations",
    metadata,
    Column("buyer_id", Text, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("registered_at", MOMENT, nullable=False),
    info={"append_only": True},
)

registration_mailboxes = Table(
    "registration_mailboxes",
    metadata,
    Column("mailbox", Text, primary_key=True, comment="As shared.mail_address folds it"),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("granted_at", MOMENT, nullable=False),
    comment="Proved mailboxes whose registration points were given: one grant each",
    info={"append_only": True},
)

staff = Table(
    "staff",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("added_at", MOMENT, nullable=False),
    CheckConstraint("role IN ('owner', 'staff')", name="staff_role"),
)

# What staff did here and who came in or failed to (STF-03).
staff_deeds = Table(
    "staff_deeds",
    metadata,
    Column("deed_id", Uuid, primary_key=True),
    Column("done_at", MOMENT, nullable=False),
    # NULL where nobody was recognised: a failed login.
    Column("by_id", Uuid),
    Column("by", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("ip", Text, nullable=False),
    info={"append_only": True},
)
Index("staff_deeds_done_at", staff_deeds.c.done_at)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("staff_role", Text),
    Column("way", Text, nullable=False),
    Column("device", Text, nullable=False, server_default=""),
    Column("issued_at", MOMENT, nullable=False),
    Column("expires_at", MOMENT, nullable=False),
    Column("revoked_at", MOMENT),
    CheckConstraint("way IN ('password', 'amazon', 'registration')", name="sessions_way"),
)
Index("sessions_live", sessions.c.member_id, postgresql_where=sessions.c.revoked_at.is_(None))

# Browsers in which a member has logged in: others' failures do not lock these out.
known_devices = Table(
    "known_devices",
    metadata,
    Column("device_hash", Text, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("known_at", MOMENT, nullable=False),
)

# Addresses are kept as hashes: people type passwords into the wrong box.
login_attempts = Table(
    "login_attempts",
    metadata,
    Column("attempt_id", Uuid, primary_key=True),
    Column("account_hash", Text, nullable=False),
    Column("device_hash", Text, nullable=False, server_default=""),
    Column("ip", Text, nullable=False),
    Column("attempted_at", MOMENT, nullable=False),
)
Index("login_attempts_account", login_attempts.c.account_hash, login_attempts.c.attempted_at)
Index("login_attempts_ip", login_attempts.c.ip, login_attempts.c.attempted_at)
Index("login_attempts_attempted_at", login_attempts.c.attempted_at)

# What may be done only so often: sign-ups, requests of mails, new passwords. Keys are hashes, as above.
paced_deeds = Table(
    "paced_deeds",
    metadata,
    Column("deed_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key_hash", Text, nullable=False),
    Column("done_at", MOMENT, nullable=False),
)
Index("paced_deeds_key", paced_deeds.c.kind, paced_deeds.c.key_hash, paced_deeds.c.done_at)
Index("paced_deeds_done_at", paced_deeds.c.done_at)

# A link that was asked for: good once, and only while no newer one was asked for.
mail_requests = Table(
    "mail_requests",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("asked_at", MOMENT, nullable=False),
    Column("expires_at", MOMENT, nullable=False),
    Column("used_at", MOMENT),
    Column("void_at", MOMENT),
    CheckConstraint("purpose IN ('password_reset', 'email_verification')", name="mail_requests_purpose"),
)
Index(
    "mail_requests_open",
    mail_requests.c.member_id,
    mail_requests.c.purpose,
    unique=True,
    postgresql_where=text("used_at IS NULL AND void_at IS NULL"),
)

# Addresses typed by who forgot a password, known or not: looked up later, so that the answer tells nothing.
reset_wishes = Table(
    "reset_wishes",
    metadata,
    Column("wish_id", Uuid, primary_key=True),
    Column("email", Text, nullable=False),
    Column("wished_at", MOMENT, nullable=False),
    # The trace of the request.
    Column("traceparent", Text),
    *due_columns(),
)
due_index(reset_wishes)

# Amazon logins that opened a session: a copy of the statement opens no other.
used_wallets = Table(
    "used_wallets",
    metadata,
    Column("statement_hash", Text, primary_key=True),
    Column("used_at", MOMENT, nullable=False),
)
Index("used_wallets_used_at", used_wallets.c.used_at)

# The versions are the audit: who set what and when; the row before holds the earlier values (H4).
rule_versions = Table(
    "rule_versions",
    metadata,
    Column("version", BigInteger, Identity(), primary_key=True),
    Column("rules", JSONB, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    Column("changed_by", Text, nullable=False),
    info={"append_only": True},
)
