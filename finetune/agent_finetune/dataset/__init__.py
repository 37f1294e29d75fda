"""From the journal to training data: read, select, replace what is personal, compare, split, write, describe."""
