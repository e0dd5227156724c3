"""Simulations and implementations, and their waves."""
