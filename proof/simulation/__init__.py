"""Deterministic simulation: the real services on a simulated world, every decision drawn from one seed.

What is real: handlers, use cases, due work, payment methods, relay, worker, inbox, outbox, and PostgreSQL
(kept in RAM). What is simulated: time, broker, providers, mail server, buyers and staff, and every fault.
Unlike the rest of ``proof`` this package imports the services: it is where they run.

    make sim SEEDS=1000            run seeds 1 to 1000
    make sim SEED=123 TRACE=1      run one seed again and print everything that happened
"""
