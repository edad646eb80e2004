"""What is seen in a picture: one noun a module, arrays in, plain dataclasses out, no JSON."""


class Unavailable(RuntimeError):  # noqa: N818
    """An engine lacks the package that its model or its runtime comes in."""
