"""The demo: people, schools, classes and one published tour, to try everything with."""
