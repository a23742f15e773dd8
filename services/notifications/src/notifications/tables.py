"""All tables of notifications: importing this module makes ``metadata`` complete."""

from notifications.mail_log import tables as mail_log
from notifications.mail_settings import tables as mail_settings
from notifications.mailing import tables as mailing
from notifications.metadata import metadata
from notifications.orders import tables as orders

__all__ = ["mail_log", "mail_settings", "mailing", "metadata", "orders"]
