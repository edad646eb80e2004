"""Draw results on images with matplotlib."""
