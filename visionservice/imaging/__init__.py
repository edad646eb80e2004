"""Image files: format and size, decoding, and the pages of PDF and TIFF files."""

MAX_PIXELS = 32_000_000  # of an image, or of a page of a document
PILLOW_ERRORS = OSError, SyntaxError, ValueError, EOFError, OverflowError, LookupError, TypeError
"""The exceptions that Pillow raises for a damaged file."""
