"""From a domain error to an answer: one table for the status, one for the sentence.

Each package keeps its sentences beside its nouns and adds them to `SENTENCES`; a code without a
sentence would show as itself, and a house test refuses that.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from server.i18n import N_, translate
from server.templates import clock

# Where the class of an error does not say it well enough.
STATUS_BY_CODE: dict[str, int] = {
    "not_there": 404,
    "too_large": 413,
    "over_quota": 413,
    "no_space": 507,
    "gone": 410,
    "confirm_link_over": 410,
    "not_stored": 404,
    "bad_key": 404,
    "storage_unavailable": 503,
    "throttled": 429,
    "throttled_codes": 429,
    "beats_busy": 503,
    "turns_taken": 503,
    # uploads
    "upload_busy": 423,
    "length_known": 400,
    "parts_unfinished": 400,
    "checksum_differs": 460,
    "export_first": 415,
    "file_large": 413,
    "form_large": 413,
    "document_large": 413,
    "body_slow": 408,
    # live: what a browser, OBS or a player is told, as RFC 9725 wants it
    "bad_offer": 400,
    "media_unsupported": 422,
    "stage_full": 409,
    "stale_epoch": 503,
    "room_not_open": 503,
    "no_resource": 404,
    "wrong_etag": 412,
    "bad_fragment": 400,
    "live_overloaded": 503,
    "live_away": 503,
    "live_too_old": 503,
    "trials_many": 503,
    "cross_site": 403,
    "credentials_missing": 401,
    "key_wrong": 401,
    "token_over": 401,
    "not_on_stage": 403,
    "seat_waits": 403,
    "not_live_yet": 425,
    "choice_unknown": 400,
    "offers_many": 429,
    "offer_type": 415,
    "offer_large": 413,
    "offer_slow": 408,
    "if_match_missing": 428,
    # api
    "json_wanted": 415,
    "body_large": 413,
}

SENTENCES: dict[str, str] = {
    "not_there": N_("There is nothing at this address, or it is not yours to see."),
    "method_other": N_("This address is there, but not for what was asked of it."),
    "bad_form": N_("Something in this form is missing or not right. Nothing was changed."),
    "form_large": N_(
        "This is more than this page takes: at most {limit_kb} kB. Nothing was changed."
    ),
    "body_slow": N_("What you sent did not arrive in time. Nothing was changed. Send it again."),
    "cross_site": N_("This request came from another site. Nothing was changed."),
    "throttled": N_("Too many tries. Wait a few minutes and try again."),
    "server_fault": N_("Something went wrong here. What you had saved is kept. Try again."),
    # people
    "mail_form": N_("This is not a mail address. It looks like name@school.nl."),
    "sign_in_wrong": N_(
        "Mail address and password do not fit together. Without the password, ask for a code by "
        "mail."
    ),
    "mail_code_form": N_("The code has {expected} digits. It stands in the mail."),
    "mail_code_wrong": N_(
        "This code does not fit this address, or it is over. Look in the newest mail, or ask for a "
        "new one."
    ),
    "signed_out": N_("You are signed out on this device."),
    "account_kept": N_("Kept."),
    "password_wrong": N_("This is not your present password. The password was not changed."),
    "password_weak": N_(
        "Choose at least {least} characters, and not your mail address. The password was not "
        "changed."
    ),
    "password_kept": N_("Your password is kept. All other devices are signed out."),
    "sign_in_ended": N_("That device is signed out."),
    "sign_ins_ended": N_("All other devices are signed out."),
    "school_choose": N_("Choose your school from the list."),
    "school_unknown": N_("We found no such school. Try its place, or only a part of its name."),
    "school_missing": N_("Type the name, the place or the code of your school."),
    "school_place_missing": N_("Type the place of your school as well."),
    "company_name": N_("Type the name of the company."),
    "person_name": N_("Type your name."),
    "company_asked": N_(
        "Your question is with the programme. You can begin already: nothing is shown before they "
        "have said yes."
    ),
    "company_answered": N_("Somebody has answered this company already. Nothing was changed."),
    "company_accepted": N_("Accepted. They get a mail."),
    "company_refused": N_("Refused. They get a mail."),
    "company_kept": N_("The company is kept."),
    "programme_kept": N_("The programme is kept."),
    "slug_taken": N_("This address is taken: {slug}. Choose another."),
    "region_name_taken": N_("There is a region with the name {name} already."),
    "region_kept": N_("The region is kept."),
    "network_name_taken": N_("There is a network with the name {name} already."),
    "network_nobody": N_("Choose who it is about: a school, a company or a region with schools."),
    "network_kept": N_("The network is kept."),
    "objective_name_missing": N_("Type its name in at least one language."),
    "objective_name_long": N_("A name has at most {limit} characters."),
    "aim_kept": N_("Kept. Lessons that end from now on count under it."),
    "objective_kept": N_("The objective is kept."),
    "period_backwards": N_("The last day lies before the first one."),
    "period_long": N_("At most five years at a time."),
    "kpi_of_schools": N_(
        "A company's figures are not told by network or level: one class of one school could stand "
        "alone there. Ask by region, sector, objective, kind or month."
    ),
    "release_made": N_("These figures are frozen. Nothing changes them any more."),
    "release_unchanged": N_(
        "Nothing that counts has changed since edition {edition}. It still stands."
    ),
    "release_overlaps": N_(
        "Days of this period were released already, from {since} to {until}. Who has both could "
        "subtract one from the other, and work out small figures."
    ),
    "release_early": N_("This period has not begun yet."),
    "link_label_missing": N_("Say for whom the link is."),
    "link_label_long": N_("At most {limit} characters."),
    "link_day": N_("Choose a day from today on, at most two years ahead."),
    "link_revoked": N_("The link is revoked. It opens nothing any more."),
    "region_missing": N_("Choose a region."),
    "name_missing": N_("Type a name."),
    "code_missing": N_("Type the code of the school, such as 16SW03."),
    "school_kept": N_("The school is kept."),
    "schools_kept": N_("The schools are kept."),
    "schools_merged": N_("Done. Teachers, classes and lessons stand under this school now."),
    "schools_unmerged": N_("Taken back. Everything stands where it stood."),
    "day_to_come": N_("This day is yet to come. Come back on that day."),
    "registry_asked": N_("A look is asked for. What came of it stands on this page soon."),
    "school_closed": N_("This school is closed already."),
    "school_open": N_("This school is open."),
    "school_listed": N_("This school is in the registry itself."),
    "merge_undone": N_("This was taken back already."),
    "successor_unknown": N_("No open school has the code {told}."),
    "school_moved_meanwhile": N_("Somebody moved this school a moment ago. Look again."),
    "mail_domain_everybodys": N_(
        "Everybody can have an address at {domain}: it says nothing about a school."
    ),
    "mail_domain_form": N_("{domain} is not a mail domain. It looks like school.nl."),
    "list_too_big": N_("This list is too big: at most 12 MB. Nothing was taken in."),
    "registry_changed": N_(
        "The schools have changed since you looked at this list. Nothing was done. "
        "Send the list again."
    ),
    "list_decided": N_("Somebody has decided on this list already. Nothing was changed."),
    "list_dropped": N_("Nothing was done with the list."),
    "holds_from_missing": N_("Choose the day from which the list holds."),
    "mapping_too_big": N_("The mapping file is too big: at most 100 kB."),
    "mapping_not_utf8": N_("Mapping file, line {line}: this is not text in UTF-8."),
    "mapping_not_toml": N_("Mapping file, line {line}: this is not TOML."),
    "mapping_key_unknown": N_("Mapping file, line {line}: {key} is nothing a mapping has."),
    "mapping_key_missing": N_("Mapping file, line {line}: {key} is missing."),
    "mapping_value": N_("Mapping file, line {line}: {key} cannot be this."),
    "mapping_word_twice": N_("Mapping file, line {line}: {key} means two things."),
    "mapping_encoding": N_("Mapping file, line {line}: {key} is no encoding that can be read."),
    "list_not_text": N_("This is no list in text. Save it as CSV and choose that file."),
    "role_given": N_("The role is given. They get a mail with a link."),
    "role_ended": N_("The role has ended."),
    "role_own": N_("You cannot end your own role in the office. Ask a colleague."),
    "part_missing": N_("Choose the company, region or school this role is for."),
    "teacher_confirmed": N_("Confirmed. The lessons count for the school from now on."),
    "teacher_turned_away": N_("Turned away. The role has ended."),
    # films
    "empty": N_("The file is empty: nothing of the film arrived. Export the film again."),
    "not_a_video": N_("This file is not a film ({found}). Choose the film file itself."),
    "unsupported": N_(
        "We cannot read this kind of film ({found}). Export it as MP4 with H.264 and send that."
    ),
    "export_first": N_(
        "This is a file of {application}, not a film yet. Open it in {application}, export it as "
        "a film (MP4), and send the film."
    ),
    "no_picture": N_("This file has sound but no picture. A tour needs a film with a picture."),
    "encrypted": N_(
        "This film is locked against copying, so we cannot read it. Ask its maker for a copy "
        "without copy protection."
    ),
    "incomplete": N_(
        "The film is incomplete: its end is missing. Copy or export it again and send the whole "
        "file."
    ),
    "unreadable": N_("Nothing in this film can be read. Export it again as MP4 and send that."),
    "too_long": N_("This film lasts {duration_s}; a tour may last at most {limit_s}."),
    "too_large": N_("This film is {size_bytes}; at most {limit_bytes} is welcome."),
    "too_many_pixels": N_(
        "The picture of this film is too large ({width} × {height}). Export it in 4K or smaller."
    ),
    "too_many_packets": N_(
        "This film is cut into far too many pieces to be read. Export it again as MP4."
    ),
    "nothing_kept": N_("Nothing is left of the film after these cuts. Keep at least one piece."),
    "no_film": N_("There is no film yet. Send one first."),
    "stalled": N_("Making the film stopped by itself. Your film is kept. Try again."),
    "too_slow": N_("Making the film took too long. Your film is kept. Try again."),
    "killed_worker": N_(
        "Making this film broke our machine three times. Your film is kept. Export it as MP4 "
        "with H.264 and send that instead."
    ),
    "cancelled": N_("You stopped this. Your film is kept."),
    "encoder_failed": N_("Making the film failed. Your film is kept. Try again."),
    "result_differs": N_(
        "What came out is not the whole film, so it was not published. Your film is kept. Export "
        "it as MP4 with H.264 and send that instead."
    ),
    "no_space": N_("There is no room left on this server. What arrived is kept. Try again later."),
    "storage_unavailable": N_("The storage does not answer. What arrived is kept. Try again."),
    "not_stored": N_("There is nothing at this address, or it is not yours to see."),
    "already_stored": N_("This is there already. Nothing was changed."),
    "bad_key": N_("There is nothing at this address, or it is not yours to see."),
    # uploads
    "over_quota": N_(
        "Your company has {left_bytes} left here, and this film is {wanted_bytes}. It was not "
        "sent. The room of a film that you replaced comes back after a day. You can also ask the "
        "programme for more room."
    ),
    "upload_busy": N_(
        "This film is being sent from somewhere else. What arrived is kept. Close the other page "
        "and go on here."
    ),
    "length_known": N_("The size of this film does not fit what was said before. Send it again."),
    "checksum_differs": N_(
        "A piece was damaged on its way and was not kept. What came before it is. Go on sending."
    ),
    "parts_unfinished": N_("Not every part of this film has arrived. Send the missing part."),
    "upload_bad_request": N_("This is not a request an upload understands. Nothing was changed."),
    "upload_version": N_("Uploads here speak tus 1.0.0. Nothing was changed."),
    "upload_type": N_("The bytes of a film come as application/offset+octet-stream."),
    "upload_joined": N_("This film was joined from parts and is complete. Nothing was changed."),
    "upload_used": N_("This film is in use already and cannot be cancelled as an upload."),
    "upload_expired": N_(
        "This upload waited too long and its bytes were removed. Send the film again."
    ),
    "upload_interrupted": N_("Sending was interrupted. What arrived is kept. Go on from there."),
    "wrong_offset": N_("The sending went on from the wrong place. What arrived is kept."),
    # tours
    "saved": N_("Saved."),
    "tour_title": N_("Give the tour a title."),
    "tour_title_long": N_("A title has at most {limit} characters."),
    "tour_description_long": N_("A description has at most {limit} characters."),
    "tour_state": N_(
        "That cannot be done with this tour as it stands now. Somebody may have changed it "
        "meanwhile: look at its page again."
    ),
    "tour_actor": N_("That is for somebody else to do."),
    "tour_missing": N_("This tour is not complete yet. Its page says what is missing."),
    "tour_reasons": N_("Write what should change: without reasons the company cannot go on."),
    "tour_published": N_("Published. The company has been told."),
    "tour_returned": N_("Returned. The company reads your reasons."),
    "tour_unpublished": N_("Taken off. Nobody can watch it now."),
    "review_asked": N_("Asked. A coordinator answers within five working days."),
    "review_withdrawn": N_("Taken back. You can change it again."),
    "btm_many": N_("Choose at most two types."),
    "declaration_unticked": N_("Tick the box to declare this."),
    "declaration_date": N_("Choose a day after today, at most ten years away."),
    "film_first": N_("First the film: this is made on it."),
    "film_cancelled": N_("Stopped. The file is kept."),
    "film_not_busy": N_("Nothing is being made now. Look at the page again."),
    "film_not_stopped": N_("There is nothing to start again. Look at the page again."),
    "file_large": N_("This file is too large: at most {limit_mb} MB is welcome."),
    "document_empty": N_("Choose a file. This one is empty or did not arrive."),
    "document_large": N_("This file is too large: at most {limit_mb} MB is welcome."),
    "document_kind": N_("This is no PDF, Word, ODT, PNG or JPG file. Save it as a PDF."),
    "document_many": N_("There are {limit} files already. Remove one first."),
    "document_removed": N_("Removed."),
    # captions
    "captions_saved": N_("The captions are saved."),
    "captions_sorted": N_("The captions are saved. Some were out of order; we sorted them."),
    "captions_overlaps": N_("The captions are saved. Some overlapped; we put that right."),
    "captions_removed": N_("The captions are removed."),
    "captions_too_big": N_("This file is far too large for captions."),
    "captions_empty": N_("there are no captions in it."),
    "not_text": N_("This is no text file. Choose a WebVTT (.vtt) or SRT (.srt) file."),
    "header_missing": N_("the first line must be WEBVTT. Or is it another kind of file?"),
    "timing_missing": N_("here a time is missing, such as 00:01.000 --> 00:04.000."),
    "timing_form": N_("this time is not right: {typed}. It looks like 00:01.000 --> 00:04.000."),
    "end_before_start": N_("it ends before it begins: {typed}"),
    "empty_line_missing": N_("an empty line is missing before {typed}"),
    "cue_too_long": N_("this caption is far too long: {typed}"),
    "too_many_cues": N_("from here on there are too many captions, more than {typed}."),
    "cue_after_end": N_("this caption comes after the end of the film: {typed}"),
    "text_empty": N_("Paste the spoken text first."),
    "text_too_long": N_("This text is too long: at most {limit} characters."),
    "text_too_long_for_film": N_(
        "Nobody can read this text while the film lasts: it needs {needed_s} seconds. Is it the "
        "text of this film?"
    ),
    "sound_sentence_empty": N_("Say in one sentence what is heard."),
    "sound_sentence_long": N_("At most {limit} characters, so that it fits on the film."),
    # times, chapters and cuts
    "time_form": N_("This is no time: {typed}. Type it as 1:05 or 1:05.5."),
    "chapter_form": N_("write the time first, then the title: 1:05 The workshop"),
    "chapter_title_empty": N_("the title is missing after {typed}"),
    "chapter_title_long": N_("the title is too long: {typed}…"),
    "chapter_after_end": N_("{typed} is after the end of the film."),
    "chapter_time_twice": N_("two chapters begin at {typed}."),
    "too_many_chapters": N_("at most {typed} chapters."),
    "span_reversed": N_("{start} to {end} ends before it begins."),
    "span_outside_film": N_("{start} to {end} is outside the film, which lasts {film}."),
    "cuts_overlap": N_("Two pieces overlap at {start} to {end}. Make them one."),
    "nothing_left": N_("Nothing of the film would be left."),
    "cut_form": N_("Type a piece as 1:05 - 1:20, not as {typed}."),
    "cut_nothing": N_("This changes nothing. Type a start, an end, or a piece to take out."),
    "cut_gone": N_("This piece is back already. Look at the page again."),
    "cut_saved": N_("Saved. The film is made anew; its captions and chapters move along."),
    "cuts_many": N_("At most {limit} pieces at once."),
    "film_busy": N_("A film is being made now. Wait until it is ready, then cut it."),
    "captions_nothing": N_("There are no lines yet."),
    # api
    "token_missing": N_("This call needs a token that works: Authorization: Bearer …"),
    "bad_request": N_("The request is not as the API describes it: {detail}"),
    "json_wanted": N_("Send JSON, with the content type application/json."),
    "body_large": N_("This is more than a call takes. Films go to /uploads/."),
    # classes, sessions, attendance
    "class_name": N_("A class needs a name of at most {length} characters."),
    "class_level": N_("Choose the level of the class."),
    "class_grade": N_("The year is a number from 1 to {most}, or empty."),
    "class_pupils": N_("The number of pupils is from 1 to {most}, or empty."),
    "class_code_taken": N_("No free class code was found. Nothing was changed. Try again."),
    "class_made": N_("The class is made. Its code is below."),
    "class_code_new": N_("The class has a new code. The old one stopped at once."),
    "class_joined": N_("You teach this class now."),
    "class_code_empty": N_("Type the class code that stands on the screen."),
    "class_code_character": N_(
        "“{character}” stands in no class code. Look at the screen again: there is no 0, O, 1, I "
        "or L in it."
    ),
    "class_code_length": N_("A class code has {expected} characters; this one has {length}."),
    "class_code_nothing": N_(
        "Nothing is open under this code right now. Look whether it is the code on the screen, or "
        "wait until your teacher starts."
    ),
    "throttled_codes": N_(
        "Too many codes that lead nowhere came from here. Wait ten minutes, or use the picture "
        "with the squares on the screen: it always works."
    ),
    "seat_needed": N_("This device has no place in that lesson. Type the class code."),
    "seat_is_screen": N_("This device is the classroom screen."),
    "film_not_ready": N_("The film of this tour is not ready yet. Nothing was changed."),
    "tour_not_shown": N_(
        "This tour is not published at the moment, or the rights to its film have ended, so it "
        "cannot be shown. Choose another tour."
    ),
    "session_state": N_("That is not possible at this point of the lesson. Nothing was changed."),
    "session_ended": N_("The lesson is over. Its attendance stands."),
    "session_cancelled": N_("The plan is cancelled."),
    "plan_class": N_("Choose a class."),
    "plan_day_past": N_("Choose a day from today on."),
    "plan_times": N_("The end comes after the beginning, both as times such as 10:15."),
    "plan_home_past": N_("At home it stays open until a day from the lesson on."),
    "headcount": N_("The number of pupils is a whole number from 0 to {most}."),
    "confirm_link_over": N_(
        "This link worked for {days} days. Sign in: under Attendance you can still change the "
        "number."
    ),
    "headcount_kept": N_("The number of pupils is kept."),
    "result_frozen": N_(
        "What each device watched was removed a month after the school year. The result stays as "
        "it was and can no longer be changed."
    ),
    "reason_missing": N_("Give a reason in a few words: others will read it."),
    "correction_field": N_("Choose what the class was. Nothing was changed."),
    "attendee_corrected": N_("Corrected. What was measured stays beside it."),
    "correction_undone": N_("That correction was undone already."),
    "correction_undone_now": N_("The correction is undone."),
    "last_office": N_(
        "You are the only one who can run this programme. Give somebody else the role first. "
        "Nothing was erased."
    ),
    "erase_address": N_("That is not your mail address. Nothing was erased."),
    "erased": N_("You are erased here. Nothing on this installation carries your name any more."),
    "export_waits": N_("The spreadsheet is being made. It will stand here in a moment."),
    "corrected": N_("Corrected. What was measured stays beside it."),
    "showing_declared": N_("Kept: shown, declared by you."),
    "pass_share_out_of_range": N_("The share for present is more than 0 and at most 100%."),
    "gap_grace_out_of_range": N_("A hole that counts in cannot be shorter than nothing."),
    "own_times_need_a_clock": N_("A tour has no clock times: its window is the film."),
    # invitations
    "request_sent": N_("Sent. You get a mail when the company answers."),
    "request_agreed": N_("Agreed. The room, the calendar entry and the briefing are made."),
    "request_proposed": N_("Proposed. You get a mail when the teacher answers."),
    "lesson_cancelled": N_("Cancelled. Everybody it concerns gets your reason by mail."),
    "request_declined": N_("Declined. The teacher gets your reason by mail."),
    "request_date_declined": N_("The company knows; it may propose another date."),
    "request_withdrawn": N_("Withdrawn. The company knows."),
    "briefing_kept": N_("Kept. It stands in the briefing."),
    "request_state": N_("This was answered meanwhile. Nothing was changed; look again."),
    "request_actor": N_("That answer is for the other side to give. Nothing was changed."),
    "request_reason": N_("Say why not, in a few words: the teacher reads it."),
    "request_open": N_("This class asks this company already. Wait for its answer."),
    "request_over": N_("The lesson has begun, or will not be given: its briefing stays as it is."),
    "requests_many": N_("You wait for {limit} answers already. Ask on when one has come."),
    "request_company": N_("Choose a company."),
    "request_kind": N_("Choose a guest lesson or a live tour."),
    "request_subject": N_("Say in at most {subject} characters what it is about."),
    "request_goal": N_("Say in at most {goal} characters what the goal is."),
    "request_known": N_("What they know already takes at most {known} characters."),
    "request_weeks": N_("Choose at least one week."),
    "request_week_gone": N_("One of these weeks is over. Choose from the list."),
    "request_times": N_("Days and hours take at most {times} characters."),
    "request_long": N_("A lesson lasts from {least} to {longest} minutes."),
    "request_date": N_("Give a day and a time, such as 10:15."),
    "request_past": N_("This date is over. Choose one that is still to come."),
    "request_far": N_("This date is more than a year away."),
    "request_night": N_("The lesson ends on the day on which it begins."),
    "request_week": N_(
        "This date is in none of the weeks that suit. You can propose it: then the teacher answers."
    ),
    # calendar
    "calendar_address": N_("This is the address of your calendar."),
    "feedback_kept": N_("Thank you. Nobody can see that these answers are yours."),
    "feedback_grades": N_("Choose one answer to each of the three questions."),
    "feedback_given": N_("You have answered already; once is enough."),
    "preparation_kept": N_("Thank you. The hours are kept."),
    "preparation_minutes": N_("Give the hours as a number from 0 to 100, such as 1.5."),
    "answer_kept": N_("Kept. The answer stands on the page of the webinar."),
    "answer_long": N_("An answer has at most {limit} characters. Nothing was changed."),
    "calendar_revoked": N_("Stopped: nobody reads your agenda at that address any more."),
    # live rooms
    "room_title": N_("A title has at most {limit} characters."),
    "room_company": N_("Choose the company whose room this is."),
    "company_waits": N_(
        "The programme has not said yes to your company yet. Then you can go live."
    ),
    # webinars
    "webinar_state": N_(
        "This cannot be done any more: somebody changed the webinar meanwhile. Look again."
    ),
    "webinar_actor": N_("This is for who leads the webinar. Nothing was changed."),
    "webinar_title_missing": N_("Type a title in the language it is held in."),
    "webinar_title_long": N_("The title is too long: at most {limit} characters."),
    "webinar_description_long": N_("The description is too long: at most {limit} characters."),
    "webinar_prepare_long": N_("What to prepare is too long: at most {limit} characters."),
    "webinar_times": N_("Choose a day, and an end that is later than the start."),
    "webinar_time_past": N_("This time is over. Choose one that is still to come."),
    "webinar_zone": N_("We know no such time zone. It looks like Europe/Amsterdam."),
    "webinar_capacity": N_("Type how many fit: a number from 1 to {most}."),
    "webinar_rule": N_("Type a share from 1 to 100 per cent."),
    "webinar_audience": N_("Choose who comes."),
    "webinar_made": N_("The webinar is kept as a draft. Invite who speaks, then announce it."),
    "webinar_announced": N_("The webinar stands in the list. Classes can register."),
    "webinar_opened": N_("The doors are open. Classes come in."),
    "webinar_live": N_("The webinar is live."),
    "webinar_ended": N_("The webinar is over. Its attendance stands."),
    "webinar_archived": N_("The webinar is archived."),
    "webinar_cancelled": N_("The webinar is cancelled."),
    "webinar_copied": N_("Copied as a draft."),
    "desk_moved": N_(
        "More classes take part now, so a moderator runs the session. "
        "Here is your own class's page."
    ),
    "captioner_invited": N_("Asked. The link is in the mail."),
    "moderator_taken_off": N_("Taken off. From now on this person does not moderate here."),
    "captioner_taken_off": N_("Taken off. From now on this person types nothing here."),
    "captioner_agreed": N_("Thank you. The page opens once the webinar is announced."),
    "presenter_invited": N_("Invited. The link is in the mail."),
    "presenter_taken_off": N_("Taken off. The link leads nowhere any more."),
    "presenter_claimed": N_("This presenter has taken the place already."),
    "presenter_claimed_now": N_("The place is yours. You find the webinar here until it is over."),
    "conduct_missing": N_("Tick that you keep to the code of conduct."),
    "presenter_unvetted": N_(
        "Somebody on the stage may not meet pupils yet: the certificate was not seen. Keep the day "
        "on which it was seen, or take this person off."
    ),
    "vetted_day": N_("Choose the day on which the certificate was seen."),
    "vetted_future": N_("This day is still to come."),
    # needs, deputies
    "deputy_days": N_("Choose a first and a last day, at most {most} days, that are not over."),
    "deputy_away": N_("Choose who is away."),
    "deputy_person": N_("Choose who stands in."),
    "deputy_named": N_("This person stands in from that day already."),
    "deputy_named_now": N_("The deputy sees and does the work in those days. It ends by itself."),
    "deputy_ended": N_("The deputy's work is over."),
    "headcount_confirmed": N_("Confirmed."),
    "pair_person": N_("Choose who facilitates this pair."),
    "pair_company": N_("Choose a company of the programme."),
    "pair_there": N_("This pair is there already."),
    "pair_made": N_("The pair is made. The facilitator sees it from now on."),
    "pair_ended": N_("The pair is over. What they did together stays."),
    "need_seen": N_("Looked at. It stands in no list any more."),
    "moderator_last": N_("Add another moderator first: somebody is to answer for it."),
    "moderator_unknown": N_("Nobody with this address has a role in the programme yet."),
    "not_live_yet": N_("The webinar is not live yet. The picture comes by itself."),
    # registrations
    "registration_audience": N_("This webinar is for somebody else. Look at whom it is for."),
    "registration_pupils": N_("Type how many pupils come: a number from 1 to {most}."),
    "registration_devices": N_("Choose how the class watches."),
    "registration_missing": N_("This class is not registered yet. Register it first."),
    "registration_waits": N_("This class is on the waiting list. A moderator has to let it in."),
    "registration_came": N_("The class has come already. Nothing was changed."),
    "registered": N_("Registered. On the day pupils come in with the class code."),
    "registered_waiting": N_(
        "It is full: you are on the waiting list. We tell you when you are in."
    ),
    "registration_cancelled": N_("The registration is cancelled. The places are free again."),
    "registration_let_in": N_("Let in."),
    "webinar_full": N_("So many do not fit any more: {left} places are left."),
    "lesson_times": N_("Type when your lesson begins and when it ends, or neither."),
    "lesson_apart": N_("Your lesson and the webinar are not at the same time."),
    "plan_b": N_("This tour cannot be plan B here. Choose one of the list."),
    "room_closed": N_("The room is closed. Open another one."),
    "incident_seen": N_("You have read it."),
    "seat_banned": N_("This device was removed from this lesson. Ask your teacher."),
    "room_closed_now": N_("The room is closed. Its attendance stands."),
    "class_takes_part": N_("Your class takes part. Its class code leads here now."),
    "class_left": N_("Your class has left the room."),
    "presenter_removed": N_("Your place on this stage was taken away. Ask who moderates the room."),
    "presenter_gone": N_("Removed. What they sent has stopped."),
    "key_label": N_("Say in at most {limit} characters what the key is for."),
    "keys_many": N_("You have {limit} keys here already. Revoke one first."),
    "key_revoked": N_("Revoked. Nobody goes live with that key any more."),
    # live: sending and watching
    "bad_offer": N_("This is not an offer a browser or OBS would make. Nothing was changed."),
    "media_unsupported": N_(
        "We can carry neither this picture nor this sound. Choose H.264 or VP8, and Opus."
    ),
    "stage_full": N_("The stage is full. Somebody has to leave it first."),
    "stale_epoch": N_("The room has just moved. Try again."),
    "room_not_open": N_("The room is being opened at this moment. Try again."),
    "no_resource": N_("There is nothing at this address, or it is not yours to see."),
    "wrong_etag": N_("This connection was renewed meanwhile. Start it again."),
    "bad_fragment": N_("This is not a part of an offer. Nothing was changed."),
    "live_overloaded": N_("Very many people ask for the picture at this moment. Try again."),
    "live_away": N_("The live picture is away for a moment. Try again."),
    "live_too_old": N_("Porthole is being updated at this moment. Try again in a minute."),
    "credentials_missing": N_("Sign in, type the class code, or send a key."),
    "key_wrong": N_("This stream key is unknown, over or revoked. Make a new one in the studio."),
    "token_over": N_("This token is over. Ask for a new one."),
    "not_on_stage": N_("You can watch here. Sending is for the presenters of this room."),
    "seat_waits": N_("Your teacher has not let this device in yet."),
    "choice_unknown": N_("This address knows no such value for {name}."),
    "trials_many": N_(
        "Others test their connection at this moment. You are number {place} in line."
    ),
    "offers_many": N_("Too many connections are being made from here. Wait a moment."),
    "offer_type": N_("Send this as {wanted}."),
    "offer_large": N_("This is more than an offer takes: at most {limit_kb} kB."),
    "offer_slow": N_("The offer did not arrive in time. Send it again."),
    "if_match_missing": N_("Say with If-Match which state of the connection you mean."),
    "csv_delimiter_unknown": N_("A file is split by semicolons or by commas."),
    "beats_busy": N_("The server is busy. What you watched is kept on this device."),
    "turns_taken": N_("Many people are asking at once. Nothing is lost: try again in a minute."),
    "screen_session": N_("Choose the lesson this screen is for."),
    "screen_number": N_(
        "That is not the number on that screen. Look again at the screen in your classroom."
    ),
    "screen_confirmed": N_("The screen is let in; it starts in a moment."),
}


def sentence(language: str, code: str, params: Mapping[str, Any]) -> str:
    """The sentence for `code` in the reader's language, its values filled in."""
    text = translate(language, SENTENCES.get(code, code))
    try:
        return text.format(**{name: _said(name, value, language) for name, value in params.items()})
    except (KeyError, IndexError):
        return text


# What a file is instead of a film, as `media.errors.FOUND` names it.
FOUND: dict[str, str] = {
    "picture": N_("a picture"),
    "web_page": N_("a web page"),
    "pdf": N_("a PDF"),
    "playlist": N_("a playlist"),
    "archive": N_("an archive"),
    "document": N_("a document"),
    "text": N_("text"),
    "program": N_("a program"),
    "subtitles": N_("subtitles"),
    "unknown": N_("an unknown kind of file"),
}


def _said(name: str, value: Any, language: str) -> Any:
    """A value as a person reads it: its unit stands in its name; a day as pages write it."""
    if name == "found":
        return translate(language, FOUND.get(str(value), str(value)))
    if name.endswith("_s") and isinstance(value, int | float):
        return clock(value)
    if name.endswith("_bytes") and isinstance(value, int | float):
        amount, unit = (value / 1e9, "GB") if value >= 1e9 else (value / 1e6, "MB")
        return f"{format_decimal(round(amount, 1), locale=language)} {unit}"
    if isinstance(value, date):
        return format_date(value, "d MMM y", locale=language)
    return value
