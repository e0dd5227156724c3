"""Figures by layer: utilization, DRAM accesses."""
