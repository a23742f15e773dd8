"""Shipping of parcels, and their tracking numbers."""
