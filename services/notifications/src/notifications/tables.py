"""All tables of notifications: each slice tells its own, and here they are together."""

from notifications.mail_log import tables as mail_log
from notifications.mail_settings import tables as mail_settings
from notifications.mailing import tables as mailing
from notifications.metadata import metadata
from notifications.orders import tables as orders

__all__ = ["mail_log", "mail_settings", "mailing", "metadata", "orders"]
