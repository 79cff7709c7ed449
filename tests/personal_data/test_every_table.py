"""Each table that leads to a response is known, with what an erasure of the response does to it."""

from django.apps import apps

from submissions.responses.models import Attachment, Submission, Version

DELETED, EMPTIED, STANDS = "deleted", "emptied", "stands"
# Model and field -> what erasing a whole response does. What stands has nothing that was typed.
KNOWN = {
    "accounts.AuditEvent.submission": STANDS,
    "exports.Change.submission": STANDS,
    "review.Cluster.standing": EMPTIED,
    "review.Cluster.text_from": EMPTIED,
    "review.ClusterMember.nearest": EMPTIED,
    "review.ClusterMember.submission": DELETED,
    "review.Coding.version": DELETED,
    "review.CodingDecision.version": DELETED,
    "review.FileText.attachment": DELETED,
    "review.Memo.submission": DELETED,
    "review.Memo.version": DELETED,
    "review.FindingPassage.version": DELETED,
    "review.Note.submission": DELETED,
    "review.Note.version": DELETED,
    "review.Quote.version": DELETED,
    "review.RedactedVersion.version": DELETED,
    "review.Redaction.version": DELETED,
    "review.Review.submission": DELETED,
    "review.SampledResponse.submission": EMPTIED,
    "review.SearchEntry.submission": DELETED,
    "review.SearchEntry.version": DELETED,
    "review.Signature.submission": DELETED,
    "review.Signature.version": DELETED,
    "submissions.Answer.submission": DELETED,
    "submissions.Attachment.submission": DELETED,
    "submissions.Colleague.submission": DELETED,
    "submissions.Entry.submission": STANDS,
    "submissions.ErasureRequest.submission": STANDS,
    "submissions.FileScan.attachment": DELETED,
    "submissions.FollowUp.submission": EMPTIED,
    "submissions.IdentityAnswer.submission": DELETED,
    "submissions.ImportedRow.submission": DELETED,
    "submissions.LatePass.submission": EMPTIED,
    "submissions.LatePass.used_for": EMPTIED,
    "submissions.OutboxEmail.submission": DELETED,
    "submissions.OutboxEmail.version": DELETED,
    "submissions.ReturnAddress.submission": DELETED,
    "submissions.Submission.current_version": STANDS,
    "submissions.Version.submission": EMPTIED,
    "submissions.VersionIdentity.version": EMPTIED,
    "submissions.Version_attachments.attachment": DELETED,
    "submissions.Version_attachments.version": DELETED,
}


def test_every_table_that_leads_to_a_response_is_known_to_erasure():
    of_a_response = {Submission, Version, Attachment}
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.concrete and field.related_model in of_a_response and not field.many_to_many
    }
    assert found == set(KNOWN)
