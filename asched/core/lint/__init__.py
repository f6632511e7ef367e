"""What is odd about jobs: accepted, and probably not what was meant."""
