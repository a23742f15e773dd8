"""A line that a buyer wants, at the present price and rate of tax of its product."""

from checkout.catalogue.rules import Product
from checkout.tax.rules import TaxTerms
from shared.events import Line


def wanted_line(product: Product, quantity: int, tax: TaxTerms) -> Line:
    """Return the line of an order for so many pieces."""
    return Line(
        sku=product.sku,
        name=product.name,
        quantity=quantity,
        unit_price=product.unit_price,
        tax_rate=tax.rate(product.tax_class),
        tax_reduced=tax.is_reduced(product.tax_class),
    )
