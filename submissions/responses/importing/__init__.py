"""Many responses at once: from a table, or from a folder of files.

tables, folders     what the uploaded file holds, within limits
choices             what each column is, and what holds for every row
plans               what would come of each row, with its faults; nothing is stored
uploads             the life of an upload: looked at, asked for, carried out, discarded
carrying_out        the worker enters row after row, and goes on where it was stopped
"""
