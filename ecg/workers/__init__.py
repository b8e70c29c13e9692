"""Processes that answer one request after another within limits of time and memory."""
