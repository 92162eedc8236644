"""Stores of 64-bit integers in packed columns, and the containers made of nothing else."""
