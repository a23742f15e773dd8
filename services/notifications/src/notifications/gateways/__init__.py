"""The outside systems notifications talks to."""
