"""What is measured and what a run contains; standard library only."""
