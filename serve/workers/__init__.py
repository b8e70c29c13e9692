"""Processes that do the work, each within limits of time and memory."""
