"""Networks that keep the leads apart: as rows of a picture, as views, as nodes of a graph, or take one of them."""
