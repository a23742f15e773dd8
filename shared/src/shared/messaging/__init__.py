"""Delivery of events between services: topology, connections, consumers, relay."""
