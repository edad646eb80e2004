"""The people and landmarks that the service can name."""
