"""The processes of `doorstep serve`: a parent that keeps its children going, and what a child has around its work."""
