"""The array of processing elements, clock by clock."""
