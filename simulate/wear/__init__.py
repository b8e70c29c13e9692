"""What happens to a printed page before it is pictured."""
