"""Coupons: defined once, issued to members, used by orders."""
