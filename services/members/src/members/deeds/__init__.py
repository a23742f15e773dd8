"""What staff did at the desks."""
