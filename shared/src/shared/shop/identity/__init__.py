"""The identity of the shop (店舗情報): name, logo, address and contact, the same on pages and in mails of every service."""
