"""The search words of a new order; numbers and remarks are added later."""

from shared.events import OrderPlaced
from shared.text.search_words import (
    words_of_code,
    words_of_names,
    words_of_numbers,
    words_of_products,
    words_of_texts,
)


def words_of_order(placed: OrderPlaced) -> set[str]:
    """Return the words of a new order."""
    who = placed.orderer
    addresses = [destination.address for destination in placed.destinations]
    lines = [line for destination in placed.destinations for line in destination.lines]
    return (
        words_of_code(placed.order_code)
        | words_of_texts(who.email, *(line.sku for line in lines))
        | words_of_products(*(line.name for line in lines))
        | ({str(placed.order_number)} if placed.order_number is not None else set())
        | words_of_names(who.name, who.kana, *(address.name for address in addresses))
        | words_of_numbers(who.phone, *(address.phone for address in addresses))
    )
