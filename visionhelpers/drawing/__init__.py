"""Draw results on images with matplotlib."""

from .draw import draw_caption, draw_faces, draw_lines, draw_objects, draw_words

__all__ = ["draw_caption", "draw_faces", "draw_lines", "draw_objects", "draw_words"]
