"""What an evaluation looks like: one HTML page with its numbers and its pictures."""
