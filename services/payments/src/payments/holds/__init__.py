"""Holds on the buyer's money that staff reauthorize or release."""
