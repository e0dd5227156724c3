"""The accelerator's parameters and their target."""
