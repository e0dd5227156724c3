"""What all controls share."""
