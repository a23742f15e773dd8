"""Providers that several payment methods share, one folder each; see ``payments/providers/provider.py``.

A method that is its own provider needs no folder here.
"""
