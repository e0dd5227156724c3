"""Design spaces."""
