"""Videos and folders of images: read frame by frame, turned into more frames, written under their final name at once.

A frame here is RGB of shape (height, width, 3), uint8 or, of sources beyond 8 bits, uint16, in presentation order;
times and rates are exact fractions, in seconds and frames per second.
"""
