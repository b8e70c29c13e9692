"""Attention over tokens [batch, token, width]: plain, windowed, routed, reduced; their positions, mixers and blocks."""
