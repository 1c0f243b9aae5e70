"""What D1's root cause costs a model that asks for it: calls, and characters of answers to read."""
