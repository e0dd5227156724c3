"""Stand-ins for Vivado: its commands on a small model of projects and block designs.

What the scripts use must exist here, as AMD's documentation says: commands and options by fpga/vivado/commands.json,
blocks with their pins, interfaces and properties by `catalog`, all else by `project` and `design`.
"""
