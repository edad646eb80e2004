"""Scenes: EfficientNet-Lite3, trained on ImageNet, and low-level features."""
