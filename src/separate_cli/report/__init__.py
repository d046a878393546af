"""What the user sees: people, machines, or nobody."""
