"""The plans a command makes: what it starts from, what it proposes, and its folder of outputs."""
