"""The SQL of one file of a `version`, an `attachment`."""

# The number of a file within its response, as the list of its files has it.
FILE_NUMBER_SQL = (
    "(SELECT count(*) FROM submissions_version_attachments AS beside "
    "JOIN submissions_attachment AS other ON other.id = beside.attachment_id "
    "WHERE beside.version_id = version.id "
    "AND (other.uploaded_at, other.id) <= (attachment.uploaded_at, attachment.id))"
)
# Whether the file came in the place of one with hidden words, while nobody has decided about it.
WITHHELD_FILE_SQL = (
    "EXISTS (SELECT FROM review_redaction AS lost WHERE lost.version_id = version.id "
    "AND lost.question_id = attachment.question_id AND lost.file_text_id IS NULL "
    "AND lost.state = 'lost')"
)
# What was read of a file, without what redaction hides; the row is there where anything is.
JOIN_REDACTED_FILE = (
    "LEFT JOIN review_redactedfiletext AS redacted ON redacted.file_text_id = attachment.id "
)
