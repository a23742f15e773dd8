"""Drives a running shop from outside, as its shoppers, its staff and its providers do, and checks its promises.

Nothing here imports a service: pages, mails, queues, ledgers and read-only database roles are all it sees. Only
``proof.simulation`` does: there the services themselves run, in a world of the simulation's.
"""
