"""What a toolkit and a platform must keep, as classes for pytest to subclass."""
