"""What the income bands of a call say in the bands that others count by.

NCVO's six bands are those of its UK Civil Society Almanac; small and medium is what Lloyds Bank
Foundation for England and Wales funds: £25,000 to under £1 million. Lower bounds are included.
"""

# Keys of the first call's income bands; a call with others has no derived bands.
NCVO_BANDS = {
    "lt_10k": "micro",
    "10k_25k": "small",
    "25k_100k": "small",
    "100k_1m": "medium",
    "1m_10m": "large",
    "10m_100m": "major",
    "ge_100m": "super_major",
    "not_sure": "not_sure",
}
SMALL_AND_MEDIUM = {
    "lt_10k": "no",
    "10k_25k": "no",
    "25k_100k": "yes",
    "100k_1m": "yes",
    "1m_10m": "no",
    "10m_100m": "no",
    "ge_100m": "no",
    "not_sure": "not_sure",
}
NCVO_LABELS = {
    "micro": "Under £10,000",
    "small": "£10,000 to under £100,000",
    "medium": "£100,000 to under £1 million",
    "large": "£1 million to under £10 million",
    "major": "£10 million to under £100 million",
    "super_major": "£100 million or more",
    "not_sure": "Not sure",
}
SMALL_AND_MEDIUM_LABELS = {"yes": "Yes", "no": "No", "not_sure": "Not sure"}
