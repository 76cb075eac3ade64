"""What is said does not depend on where: words in, replies out."""
