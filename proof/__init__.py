"""Drives a running shop from outside, as its shoppers, its staff and its providers do, and checks its promises.

Nothing here imports a service: pages, mails, queues, ledgers and read-only database roles are all it sees. Two
parts do: in ``proof.simulation`` the services themselves run, in a world of the simulation's, and ``proof.card`` is a
payment method. Nothing of the product imports this package; its guests are ``bench``, ``tests/proof`` and
``tests/journeys``.
"""
