"""Training and evaluation loops; they receive networks, losses and data, and import none."""
