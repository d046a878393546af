"""One subcommand a file: parse, hand over, report."""
