"""What stands out in a job's curves: rules from values to values, without words.

One phenomenon has one finding, and noise has none: each rule needs enough points, and a difference
that is both large for the curve and far outside its noise.
"""
