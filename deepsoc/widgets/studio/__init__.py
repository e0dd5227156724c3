"""One design in six tabs."""
