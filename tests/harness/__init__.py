"""What the tests stand on: real PostgreSQL, real or in-memory broker, a movable clock, unmistakable data."""
