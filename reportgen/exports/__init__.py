"""What a report is written as besides pages: one file a format, values in and text out."""
