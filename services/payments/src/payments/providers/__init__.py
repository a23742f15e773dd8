"""Providers that several payment methods share, a folder each; see ``payments/providers/provider.py``.

A method that has its provider to itself needs no folder here.
"""
