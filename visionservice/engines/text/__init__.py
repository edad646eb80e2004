"""Text: RapidOCR (PP-OCR) finds and reads lines; the result of OCR, Recognize Text and Read."""
