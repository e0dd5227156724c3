"""Mapping of an integer graph to operations, memory and descriptors of the accelerator."""
