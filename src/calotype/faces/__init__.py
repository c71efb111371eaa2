"""The dialects, one package each; none knows another. Shapes in, shapes out."""
