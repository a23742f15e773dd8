"""Files that a shop keeps: pictures, attachments, papers, and files from carriers and banks.

- `store` keeps bytes under a generated key, in a folder or an S3-compatible store.
- `accepts` defines the files that a field accepts.
- `kinds` recognizes each kind of file.
- `pictures` re-encodes a picture without its metadata.
- `sweep` removes files that no row names.

`shared.web.uploads` receives files from a request. `shared.web.stored_files` sends them.
"""
