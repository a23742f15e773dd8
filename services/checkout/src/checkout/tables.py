"""All tables of checkout: importing this module makes ``metadata`` complete."""

from checkout.catalogue import tables as catalogue_tables
from checkout.metadata import metadata
from checkout.orders import payment_tables
from checkout.orders import tables as order_tables

__all__ = ["catalogue_tables", "metadata", "order_tables", "payment_tables"]
