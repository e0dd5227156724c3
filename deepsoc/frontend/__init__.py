"""Ways into the integer graph: the declarative network, and Keras with quantization-aware training."""
