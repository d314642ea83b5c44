"""The formats of a report besides pages: values in, text out."""
