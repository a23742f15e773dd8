"""Data for search engines: robots.txt, the sitemap, and products as schema.org defines them."""

from typing import Any
from xml.sax.saxutils import escape

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from checkout.catalogue.listing import Listing
from checkout.catalogue.rules import Product
from checkout.catalogue.shelf import read_addresses
from checkout.shop.origin import Origin
from shared.clock import now
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
        addresses = await read_addresses(tx, at=now())
    paths = ["/", *(f"/items/{address}" for address in addresses), *(path for _, path in FOOTER_LINKS)]
    entries = "".join(f"<url><loc>{escape(_origin(parts) + path)}</loc></url>" for path in paths)
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>',
        media_type="application/xml",
    )


def listing_data(listing: Listing, origin_url: str) -> dict[str, Any]:
    """Return a listing as schema.org's Product with an Offer for each product. It leaves out the remaining stock."""
    origin = origin_url.rstrip("/")
    page = f"{origin}{listing.page_path}"
    details = listing.details
    offers = [
        {
            "@type": "Offer",
            "url": page,
            "sku": product.sku,
            "name": product.name,
            "priceCurrency": "JPY",
            "price": product.unit_price,
            "availability": f"https://schema.org/{_availability(product)}",
        }
        for product in listing.offered or listing.products[:1]
    ]
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": details.name,
        "sku": listing.address,
        "description": details.summary,
        "category": details.categories[0] if details.categories else "",
        "brand": {"@type": "Brand", "name": details.maker},
        "image": [f"{origin}{picture.large_url}" for picture in listing.pictures]
        or [f"{origin}{listing.image_url}"],
        "url": page,
        "offers": offers[0] if len(offers) == 1 else offers,
    }


def _availability(product: Product) -> str:
    if product.sold_out:
        return "OutOfStock"
    return "PreOrder" if product.kind == "preorder" else "InStock"


def _origin(parts: CurrentParts) -> str:
    return parts[Origin].url.rstrip("/")
