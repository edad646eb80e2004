"""Faces: MTCNN finds them, then age, gender and an embedding."""
