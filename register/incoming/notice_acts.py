"""Acts on notices of errors and of illegal content: receive, decide, complain.

None of them changes a case: what a decision says was done is done before, by the acts on cases.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import exists, select

from register.accounts import vouching
from register.accounts.models import Member
from register.accounts.vouching import load_acting_member
from register.cases.models import ID_LIMIT, CaseState, Incident
from register.errors import Invalid, NotFound, Refused
from register.incoming import acts, content, queries, retention
from register.incoming.acts import Receipt
from register.incoming.content import NoticeContent, NoticeDecision, ReviewTexts
from register.incoming.models import Incoming, NoticeReview
from register.journal import Act, JournalEntry, Ledger, WriteTransaction
from register.key_store import KeyStore
from register.mail.messages import MailKind
from register.mail.outbox import Outbox
from register.mail_urls import bare_address
from register.post import acts as post
from register.post.models import PostKind
from register.text.dates import day_start, day_words, paris_day

# Undecided notices of one case, so that their number has an end.
WAITING_LIMIT = 100
# The acts on a case of which one must have been done before a decision says so.
_MEASURES = {
    NoticeDecision.CORRECTED: (Act.CORRECTED, Act.REDACTED),
    NoticeDecision.REDACTED: (Act.REDACTED,),
    NoticeDecision.WITHDRAWN: (Act.WITHDRAWN, Act.ERASED),
}


def receive_notice(
    tx: WriteTransaction,
    store: KeyStore,
    number: int,
    kind: PostKind,
    sent: NoticeContent,
    nonce: str,
    *,
    language: str = "fr",
    outbox: Outbox | None = None,
    link: str = "",
) -> Receipt:
    """Receive a notice about a case; the same form sent again gives the receipt of the first.

    Its author gets a confirmation where an address was left (regulation (EU) 2022/2065,
    art. 16 (4)).

    :param link: the address at which the code is typed, for the mail.
    :raises NotFound: ``no_such_case``.
    :raises Refused: ``notices_waiting`` when :data:`WAITING_LIMIT` of the case are undecided;
        ``case_withdrawn`` or ``case_erased``.
    """
    existing = acts.find_received(tx.session, store, sent, nonce)
    if existing is not None:
        return existing
    case = tx.session.scalar(select(Incident).where(Incident.number == number))
    if case is None:
        raise NotFound("no_such_case")
    # The former versions of a merged case can still be read.
    if case.state not in (CaseState.PUBLISHED, CaseState.MERGED):
        raise Refused("case_erased" if case.state == CaseState.ERASED else "case_withdrawn")
    if queries.count_waiting_notices(tx.session, case.id) >= WAITING_LIMIT:
        raise Refused("notices_waiting", limit=WAITING_LIMIT)
    row, _data_key, code = acts.add_row(tx, store, nonce, case.id, sent, language)
    _open_review(tx, row, kind)
    _send_mail(tx, outbox, MailKind.CONTENT_NOTICE_RECEIVED, sent.contact, row.day, link)
    return Receipt(row.key, code)


def complain(
    tx: WriteTransaction,
    store: KeyStore,
    key: str,
    text: str,
    *,
    outbox: Outbox | None = None,
    link: str = "",
) -> None:
    """Receive the one complaint about the decision on a notice; its author gets a confirmation.

    :param link: the address at which the code is typed, for the mail.
    :raises Invalid: ``missing``.
    :raises Refused: ``complaint_again``, ``complaint_early`` before a decision,
        ``complaint_late``, or ``notice_destroyed``.
    """
    row = tx.load(Incoming, key)
    reviews = queries.review_rows(tx.session, key)
    if len(reviews) > 1:
        raise Refused("complaint_again")
    decided_on = reviews[0].clock.closed_on
    if decided_on is None:
        raise Refused("complaint_early")
    if paris_day(tx.at) > retention.complaint_until(decided_on):
        raise Refused("complaint_late")
    if not text:
        raise Invalid("missing", field="reclamation")
    data_key, notice = _unseal(store, row)
    review = _open_review(tx, row, PostKind.COMPLAINT)
    review.sealed_texts = content.seal_review(data_key, key, review.post_id, ReviewTexts(text))
    _send_mail(tx, outbox, MailKind.COMPLAINT_RECEIVED, notice.contact, paris_day(tx.at), link)


def decide(
    tx: WriteTransaction,
    store: KeyStore,
    post_id: int,
    *,
    by: int,
    decision: NoticeDecision,
    reasons: str,
    ground: str,
    outbox: Outbox | None = None,
    link: str = "",
) -> None:
    """Decide a notice, or the complaint about its decision, with reasons for its author.

    :param reasons: the facts and how they were weighed.
    :param ground: the article of law or the rule of the register (art. 17 (3) (d) and (e)).
    :raises NotFound: ``no_such_row``.
    :raises Invalid: ``missing``, with its field.
    :raises Refused: ``notice_decided``; ``notice_destroyed``; ``notice_measure_missing`` when the
        case was not changed as the decision says; ``complaint_same_member``.
    """
    member = load_acting_member(tx, by)
    review = tx.load(NoticeReview, min(post_id, ID_LIMIT))
    clock = review.clock
    if clock.closed_on is not None:
        raise Refused("notice_decided")
    for field, typed in (("reasons", reasons), ("ground", ground)):
        if not typed:
            raise Invalid("missing", field=field)
    row = tx.load(Incoming, review.incoming_key)
    data_key, notice = _unseal(store, row)
    is_complaint = clock.kind == PostKind.COMPLAINT
    if is_complaint:
        _require_other_member(tx, row, member)
    if not _was_done(tx, row.incident_id, decision, clock.received_on):
        raise Refused("notice_measure_missing")
    texts = content.unseal_review(data_key, row.key, post_id, review.sealed_texts)
    texts = replace(texts, reasons=reasons, ground=ground)
    review.sealed_texts = content.seal_review(data_key, row.key, post_id, texts)
    review.decision = decision
    post.close_row(tx, clock, by=member.id, decision=decision)
    kind = MailKind.COMPLAINT_DECIDED if is_complaint else MailKind.CONTENT_NOTICE_DECIDED
    _send_mail(tx, outbox, kind, notice.contact, clock.received_on, link)


def _open_review(tx: WriteTransaction, row: Incoming, kind: PostKind) -> NoticeReview:
    clock = post.enter_online(tx, kind, row.incident_id)
    review = NoticeReview(post_id=clock.id, incoming_key=row.key)
    tx.session.add(review)
    tx.session.flush()
    return review


def _unseal(store: KeyStore, row: Incoming) -> tuple[bytes, NoticeContent]:
    """The data key of a notice, and what it says."""
    data_key = content.data_key(store, row)
    if data_key is None:
        raise Refused("notice_destroyed")
    return data_key, content.unseal_notice(data_key, row.key, row.sealed_content)[0]


def _require_other_member(tx: WriteTransaction, row: Incoming, member: Member) -> None:
    """Require another member than the first, where the register has one who may be it."""
    first_id = queries.review_rows(tx.session, row.key)[0].clock.closed_by
    first = tx.session.get(Member, first_id) if first_id is not None else None
    if first is None or vouching.may_second(member, first, tx.at):
        return
    members = tx.session.scalars(select(Member).where(Member.disabled_at.is_(None)))
    if any(vouching.may_second(other, first, tx.at) for other in members):
        raise Refused("complaint_same_member")


def _was_done(
    tx: WriteTransaction, incident_id: int, decision: NoticeDecision, since: date
) -> bool:
    """Whether the public journal has an act that a decision says was done."""
    acts_done = _MEASURES.get(decision)
    if acts_done is None:
        return True
    is_measure = exists().where(
        JournalEntry.ledger == Ledger.PUBLIC.value,
        JournalEntry.incident_id == incident_id,
        JournalEntry.act.in_([act.value for act in acts_done]),
        JournalEntry.at >= day_start(since),
    )
    return bool(tx.session.scalar(select(is_measure)))


def _send_mail(
    tx: WriteTransaction, outbox: Outbox | None, kind: MailKind, contact: str, day: date, link: str
) -> None:
    """Write a mail to whoever left an address; it names no case and nobody."""
    if outbox is not None and contact and bare_address(contact) == contact:
        outbox.enqueue(tx.session, kind, contact, tx.at, day=day_words(day), link=link)
