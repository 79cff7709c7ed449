"""Reads the steering group's pages."""

import re


def tables(text):
    """Each table's rows by its caption, header first, without mark-up and white space."""
    found = {}
    for caption, table in re.findall(r"<caption[^>]*>(.*?)</caption>(.*?)</table>", text, re.S):
        rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.S)
        found[caption] = [
            [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in re.split("</t[hd]>", row)]
            for row in rows
        ]
    return {caption: [row[:-1] for row in rows] for caption, rows in found.items()}
