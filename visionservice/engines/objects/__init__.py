"""Objects with bounding boxes: SSD-MobileNet-v2, trained on COCO."""
