"""Calls: reasons why a person must look at a payment, which end after a person has seen them."""
