"""What a room costs: how fast pages come in, how soon all hear, and what each takes."""
