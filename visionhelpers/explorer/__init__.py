"""The interactive Explorer and the comparison of services."""
