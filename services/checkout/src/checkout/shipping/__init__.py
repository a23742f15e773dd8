"""Parcels leave the house and have tracking numbers."""
