"""The geometry of charts: axes, curves and sparklines as coordinates and SVG path data.

Values in, values out: templates draw the geometry computed here.
"""
