"""Servers to measure beside ours; each is a script that ends when its standard input does."""
