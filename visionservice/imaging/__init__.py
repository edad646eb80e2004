"""Image files: format and size, decoding, and the pages of PDF and TIFF."""
