"""Draw results on images with matplotlib."""

from .draw import (
    draw_caption,
    draw_faces,
    draw_lines,
    draw_objects,
    draw_words,
    extend_figure,
    figure_size,
)
from .fonts import font_stack
from .labels import text_size

__all__ = [
    "draw_caption", "draw_faces", "draw_lines", "draw_objects", "draw_words",
    "extend_figure", "figure_size", "font_stack", "text_size",
]  # fmt: skip
