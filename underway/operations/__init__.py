"""The everyday work on an app: one module for each of its sides, each function for one task."""
