import re

from django.urls import include, path, re_path, register_converter

from submissions.mail import webhooks
from submissions.respondent import (
    amending,
    autosave,
    calls,
    check_answers,
    confirming,
    erasing,
    files,
    follow_ups,
    late_passes,
    pasted,
    receipts,
    reminders,
    returning,
    sections,
    sharing,
    statements,
    task_list,
    time_left,
)

register_converter(pasted.TokenConverter, "token")

response_urls = [
    path("", task_list.task_list, name="response"),
    path("check/", check_answers.check, name="check"),
    path("submitted/", receipts.submitted, name="submitted"),
    path("receipt/", receipts.receipt, name="receipt"),
    path("leave/", returning.leave, name="leave"),
    path("forget/", returning.forget, name="forget"),
    path("amend/", amending.amend, name="amend"),
    path("amend/discard/", amending.discard, name="discard"),
    path("withdraw/", amending.withdraw, name="withdraw"),
    path("erase/", erasing.erase, name="erase"),
    path("erase/stop/", erasing.stop, name="erase_stop"),
    path("delete/", task_list.delete, name="delete_draft"),
    path("text/", task_list.working_text, name="response_text"),
    path("help/<slug:key>/", task_list.help_page, name="response_help"),
    path("files/<uuid:public_id>/", files.own_file, name="own_file"),
    path("save/", autosave.save, name="save"),
    path("<slug:section>/", sections.section, name="section"),
    path(
        "<slug:section>/<int:number>/",
        sections.section,
        name="section_page",
    ),
]
# Whoever answers asks for these most: they are found soonest.
urlpatterns = [
    path("", calls.home, name="home"),
    path("calls/<slug:slug>/", calls.call_page, name="call"),
    path("calls/<slug:slug>/response/", include(response_urls)),
    path("calls/<slug:slug>/accent.css", calls.accent_stylesheet, name="accent"),
    path("calls/<slug:slug>/questions/", calls.all_questions, name="questions"),
    path("calls/<slug:slug>/questions.pdf", calls.questions_as_pdf, name="questions_pdf"),
    path("calls/<slug:slug>/questions.docx", calls.questions_as_word, name="questions_word"),
    path("calls/<slug:slug>/privacy/", statements.call_privacy, name="call_privacy"),
    path(
        "calls/<slug:slug>/accessibility/", statements.call_accessibility, name="call_accessibility"
    ),
    path("calls/<slug:slug>/cookies/", statements.call_cookies, name="call_cookies"),
    path("calls/<slug:slug>/verify/", receipts.verify, name="verify"),
    path("calls/<slug:slug>/erase/", erasing.erase_by_receipt, name="erase_by_receipt"),
    path("calls/<slug:slug>/erase/asked/", erasing.asked, name="erase_asked"),
    path("calls/<slug:slug>/erase/<token:token>/", erasing.erasure_link, name="erasure_link"),
    path("calls/<slug:slug>/question/<token:token>/", follow_ups.follow_up, name="follow_up"),
    path(
        "calls/<slug:slug>/question/<token:token>/answered/",
        follow_ups.answered,
        name="follow_up_answered",
    ),
    path(
        "calls/<slug:slug>/question/<token:token>/no-more/",
        follow_ups.no_more,
        name="follow_up_no_more",
    ),
    path(
        "calls/<slug:slug>/confirm/<token:token>/",
        confirming.confirm_address,
        name="confirm_address",
    ),
    path("calls/<slug:slug>/return/", returning.ask_for_link, name="return"),
    path("calls/<slug:slug>/return/sent/", returning.link_sent, name="return_sent"),
    path("calls/<slug:slug>/return/address/", returning.give_address, name="return_address"),
    path("calls/<slug:slug>/return/open/", returning.open_link, name="return_open"),
    path("calls/<slug:slug>/return/<token:token>/", returning.show_link, name="return_link"),
    path("calls/<slug:slug>/people/", sharing.people, name="people"),
    path("calls/<slug:slug>/people/<int:number>/", sharing.person, name="person"),
    path("calls/<slug:slug>/people/<int:number>/gone/", sharing.person_gone, name="person_gone"),
    path("calls/<slug:slug>/people/<int:number>/link/", sharing.send_again, name="person_link"),
    path("calls/<slug:slug>/join/<token:token>/", sharing.join, name="join"),
    path("calls/<slug:slug>/start/", calls.start, name="start"),
    path("calls/<slug:slug>/late-pass/<token:token>/", late_passes.late_pass, name="late_pass"),
    path("calls/<slug:slug>/reminders/<token:token>/", reminders.reminders, name="reminders"),
    path("calls/<slug:slug>/time-left/", time_left.time_left, name="time_left"),
    path("privacy/", statements.privacy, name="privacy"),
    path("accessibility/", statements.accessibility, name="accessibility"),
    path("cookies/", statements.cookies, name="cookies"),
    *webhooks.urls(),
    re_path(
        rf"^(?P<path>calls/.+/)[{re.escape(pasted.AFTER_A_LINK)}]+$",
        pasted.without_what_follows,
        name="pasted",
    ),
]
