"""infer.py as a page in the browser, served on this machine: nothing of it comes from, or goes to, anywhere else."""
