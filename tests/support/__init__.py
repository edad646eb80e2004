"""What the tests share: a clock, polls with a deadline, the API's descriptions, and more."""
