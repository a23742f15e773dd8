"""The tables of logins: sessions, known browsers, and limited actions."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid

from members.metadata import MOMENT, metadata

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
    # Written at each renewal of the rights of staff, which is every minute while they use the desk.
    Column("used_at", MOMENT),
    CheckConstraint("way IN ('password', 'amazon', 'registration')", name="sessions_way"),
)
Index("sessions_live", sessions.c.member_id, postgresql_where=sessions.c.revoked_at.is_(None))

# Browsers in which a member has logged in. Failures in other browsers do not lock them out.
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

# Counts of limited actions: sign-ups, requests of mails, new passwords. Keys are hashes, as above.
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
