"""What is said, wherever it is said: one router, one set of forms, one wording for every channel."""
