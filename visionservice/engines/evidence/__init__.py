"""Everything the engines found in one image; captions and tags are made from it."""
