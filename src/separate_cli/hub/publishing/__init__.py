"""Publishing: an evaluated run becomes a folder that says all about itself, and the folder a record on a hub.

exp/RUN --evaluated--> model, scores --folder--> publish/RUN/HUB/ --zenodo | hugging_face--> Published
"""
