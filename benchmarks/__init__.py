"""Side-by-side measurements against the libraries that planners would otherwise use: `python -m benchmarks reach`."""
