"""The network, built by hand."""
