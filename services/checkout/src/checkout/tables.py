"""All tables of checkout: importing this module makes ``metadata`` complete."""

from checkout.carts import tables as carts
from checkout.catalogue import tables as catalogue
from checkout.metadata import metadata
from checkout.my_orders import tables as my_orders
from checkout.order_desk import tables as order_desk
from checkout.orders import tables as orders
from checkout.orders.told import tables as told_of_orders
from checkout.payment_menu import tables as payment_menu
from checkout.placing import tables as placing
from checkout.shop import tables as shop
from checkout.stock import tables as stock

__all__ = [
    "carts",
    "catalogue",
    "metadata",
    "my_orders",
    "order_desk",
    "orders",
    "payment_menu",
    "placing",
    "shop",
    "stock",
    "told_of_orders",
]
