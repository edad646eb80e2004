"""What the tests share: a clock, polls with a deadline, and calls in another process."""
