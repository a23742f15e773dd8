"""Data for search engines: robots.txt, the sitemap, and products as schema.org defines them."""

from typing import Any
from xml.sax.saxutils import escape

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from checkout.catalogue.rows import read_shelf
from checkout.catalogue.rules import Product
from checkout.shop.origin import Origin
from shared.web.pages import FOOTER_LINKS
from shared.web.parts import CurrentParts

router = APIRouter(include_in_schema=False)

PRIVATE = ("/api/", "/cart", "/desk", "/members/", "/notifications/", "/order", "/payments/")
"""Path prefixes that are useful only to the visitor."""


@router.get("/robots.txt")
async def tell_robots(parts: CurrentParts) -> Response:
    """Return robots.txt: the paths that crawlers must not read, and the address of the sitemap (RFC 9309)."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    return PlainTextResponse("\n".join([*lines, f"Sitemap: {_origin(parts)}/sitemap.xml", ""]))


@router.get("/sitemap.xml")
async def list_pages(parts: CurrentParts) -> Response:
    """Return the sitemap (sitemaps.org 0.9)."""
    async with parts.db.transaction() as tx:
        products = await read_shelf(tx)
    paths = ["/", *(f"/items/{product.sku}" for product in products), *(path for _, path in FOOTER_LINKS)]
    entries = "".join(f"<url><loc>{escape(_origin(parts) + path)}</loc></url>" for path in paths)
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>',
        media_type="application/xml",
    )


def product_data(product: Product, origin_url: str) -> dict[str, Any]:
    """Return a product as schema.org's Product with its Offer. It leaves out the remaining stock."""
    origin = origin_url.rstrip("/")
    page = f"{origin}/items/{product.sku}"
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "description": product.summary,
        "category": product.category,
        "brand": {"@type": "Brand", "name": product.maker},
        "image": [f"{origin}{product.image_url}"],
        "url": page,
        "offers": {
            "@type": "Offer",
            "url": page,
            "priceCurrency": "JPY",
            "price": product.unit_price,
            "availability": f"https://schema.org/{'OutOfStock' if product.sold_out else 'InStock'}",
        },
    }


def _origin(parts: CurrentParts) -> str:
    return parts[Origin].url.rstrip("/")
