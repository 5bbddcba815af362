"""Messages between the dashboard and its pages, as models: one module per audience.

The dashboard writes most of its messages by hand, each part once for all browsers. These models say what the result is;
`python -m kikimori_dashboard.protocol` makes a JSON schema of them, and of that the types of the pages' modules.
"""
