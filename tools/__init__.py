"""Scripts that write or check files of the repository: `python -m tools.NAME`."""
