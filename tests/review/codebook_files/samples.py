"""Codebooks in the shapes that other programs write, about a consultation that never was."""

# QualCoder: a byte order mark, codes without a category first, categories that are not codable,
# GUIDs that are new in each export, Python's html.escape.
QUALCODER = (
    b"\xef\xbb\xbf"
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<CodeBook xmlns="urn:QDA-XML:codebook:1.0" '
    b'xsi:schemaLocation="urn:QDA-XML:codebook:1.0 Codebook.xsd" origin="QualCoder" '
    b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<Codes>\n'
    b'<Code guid="0f6a3c1e-2b7d-4c55-9a10-5f2f6a7b8c01" name="Hope" isCodable="true" '
    b'color="#F781F3" />\n'
    b'<Code guid="0f6a3c1e-2b7d-4c55-9a10-5f2f6a7b8c02" name="Money" isCodable="false">\n'
    b"<Description>What people pay &amp; owe</Description>\n"
    b'<Code guid="0f6a3c1e-2b7d-4c55-9a10-5f2f6a7b8c03" name="Landlord&#x27;s rent" '
    b'isCodable="true" color="#81BEF7">\n'
    b"<Description>Rent, and &quot;service charges&quot;.\nNot the deposit.</Description>\n"
    b'<Code guid="0f6a3c1e-2b7d-4c55-9a10-5f2f6a7b8c04" name="Arrears" isCodable="true" '
    b'color="#81BEF7" />\n</Code>\n'
    b'<Code guid="0f6a3c1e-2b7d-4c55-9a10-5f2f6a7b8c05" name="Money" isCodable="true" '
    b'color="#58FA58" />\n</Code>\n</Codes>\n</CodeBook>\n'
)
QUALCODER_TEXT = (
    'Hope\t"What gives ""hope"""\n'
    'Money >> Rent\tRent, rates and "charges"\n'
    "Money>>Bills>>Heating\t\n"
    "Money\tWhat people pay"
)
# Taguette: flat, names with dots, upper-case GUIDs made of the names, an empty Sets.
TAGUETTE = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="Taguette 1.5.1"><Codes>'
    b'<Code guid="0F6A3C1E-2B7D-5C55-9A10-5F2F6A7B8C11" name="money" isCodable="true"/>'
    b'<Code guid="0F6A3C1E-2B7D-5C55-9A10-5F2F6A7B8C12" name="money.rent" isCodable="true"/>'
    b'<Code guid="0F6A3C1E-2B7D-5C55-9A10-5F2F6A7B8C13" name="1.2 heating" isCodable="true"/>'
    b"</Codes><Sets/></CodeBook>"
)
TAGUETTE_CSV = (
    "tag,description,number of highlights,number of documents\r\n"
    'money,"What people pay, and owe",12,4\r\n'
    "money.rent,,7,3\r\n"
    "place.flat,,1,1\r\n"
    "place.house,A whole house,0,0\r\n"
    "approx. 100 homes,,2,1\r\n"
)
# ATLAS.ti and NVivo: upper-case GUIDs, parents that are not codable, sets as groups of codes.
ATLAS_TI = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<CodeBook xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    b'xsi:schemaLocation="urn:QDA-XML:codebook:0:4 Codebook.xsd" origin="ATLAS.ti Win 23.4.0" '
    b'xmlns="urn:QDA-XML:codebook:1.0">\n  <Codes>\n'
    b'    <Code guid="{0F6A3C1E-2B7D-4C55-9A10-5F2F6A7B8C21}" name="Home" isCodable="false">\n'
    b'      <Code guid="0F6A3C1E-2B7D-4C55-9A10-5F2F6A7B8C22" name="Damp" color="#46AA00" '
    b'isCodable="true">\n        <Description>Water on walls</Description>\n      </Code>\n'
    b"    </Code>\n  </Codes>\n  <Sets>\n"
    b'    <Set name="Complaints" guid="0F6A3C1E-2B7D-4C55-9A10-5F2F6A7B8C23">\n'
    b'      <MemberCode guid="0F6A3C1E-2B7D-4C55-9A10-5F2F6A7B8C22" />\n    </Set>\n'
    b"  </Sets>\n</CodeBook>"
)


def qdc(codes):
    """A codebook of these Code elements."""
    head = '<CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="Elsewhere 1">'
    return f"{head}<Codes>{codes}</Codes></CodeBook>".encode()


def outline(codes):
    """The names of codes that were read, each after a dash for each level above it."""
    levels = []
    for code in codes:
        levels.append(0 if code.parent is None else levels[code.parent] + 1)
    return ["- " * level + code.name for level, code in zip(levels, codes, strict=True)]
