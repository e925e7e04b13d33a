"""Every figure that the README quotes, measured by one command: `python -m benchmarks`."""
