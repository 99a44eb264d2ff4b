"""The long calibration study: is the harness right, and how far?"""
