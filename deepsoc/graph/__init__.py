"""The integer graph: its form, its number types, its bit-exact executor."""
