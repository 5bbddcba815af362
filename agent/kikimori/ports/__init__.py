"""Ports at which PBXs connect: connection limiter, counts of rejections, keep-alive."""
