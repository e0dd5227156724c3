"""Bundles on Keras and QKeras, with quantization-aware training."""
