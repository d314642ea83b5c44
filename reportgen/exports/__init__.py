"""The formats of a report other than pages: values in, text out."""
