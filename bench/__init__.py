"""How fast it is: every figure beside what a user would have otherwise, measured in one run."""
