"""Networks as files that other runtimes run, each checked against its own golden output."""
