"""All tables of checkout: importing this module makes ``metadata`` complete."""

from checkout.storage import catalogue_tables, order_tables, payment_tables
from checkout.storage.metadata import metadata

__all__ = ["catalogue_tables", "metadata", "order_tables", "payment_tables"]
