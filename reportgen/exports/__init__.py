"""The formats of a report besides pages: one module per format, values in and text out."""
