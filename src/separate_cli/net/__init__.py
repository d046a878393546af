"""The network: one polite client, and downloads that resume and are verified."""
