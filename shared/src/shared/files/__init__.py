"""Files that a shop keeps: pictures, attachments, papers, what carriers and banks send.

`store` keeps bytes under a key of ours, in a folder or an S3-compatible store; `accepts` says what may come in and
`kinds` what each kind of file looks like; `pictures` re-encodes a picture without its metadata; `sweep` removes
files that no row names. `shared.web.uploads` takes files from a request, `shared.web.stored_files` answers with one.
"""
