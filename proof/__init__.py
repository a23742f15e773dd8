"""Tests of a running shop from outside: they act as shoppers, staff and providers, and check the promises.

Nothing here imports a service: pages, mails, queues, ledgers and read-only database roles are all it sees. Two
parts do: in ``proof.simulation`` the services themselves run, in a world of the simulation's, and ``proof.card`` is a
payment method. Nothing of the product imports this package; its guests are ``bench``, ``tests/proof`` and
``tests/journeys``.
"""
