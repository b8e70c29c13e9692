"""How a page becomes a picture: paper relief, light, lens, camera, background and scanner."""
