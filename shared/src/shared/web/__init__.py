"""The common frame for the pages of all services: layout, forms, sign-in, errors, the HTTP edge.

Start with README.md in this folder; `pages.make_templates` and `pages.install_web` are the entry points.
"""
