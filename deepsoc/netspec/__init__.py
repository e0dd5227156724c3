"""The declarative network, `net.json`: read, checked, lowered to an integer graph. No TensorFlow."""
