"""Faces: MTCNN finds them, then estimates of age and gender, and embeddings."""
