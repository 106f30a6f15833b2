"""What a build says of itself: JSON, HTML, comparisons, JUnit."""
