"""Acts on reports that a restored register does again, because they were done after its backup."""

from __future__ import annotations

from register.errors import Refused
from register.journal import Act, WriteTransaction
from register.key_store import KeyStore
from register.reports import receipt_codes
from register.reports.acts import transitions
from register.reports.acts.masking import destroy_row
from register.reports.acts.purging import destroy_keys_after_commit, destroy_texts
from register.reports.acts.reporter import withdraw
from register.reports.models import Report, ReportEvidence, ReportState

# The decisions after which a report is destroyed on its day, by the state that they lead to.
_DECISIONS = {
    ReportState.DECLINED.value: Act.REPORT_DECLINED,
    ReportState.SPAM.value: Act.REPORT_SPAM,
    ReportState.WITHDRAWN.value: Act.REPORT_WITHDRAWN,
}


def withdraw_again(tx: WriteTransaction, store: KeyStore, key: str) -> bool:
    """Withdraw a report again; False where that is done or nothing to do.

    Without its key, what its draft repeats of it cannot be found any more.
    """
    report = tx.session.get(Report, key)
    if report is None or not transitions.allows(ReportState(report.state), Act.REPORT_WITHDRAWN):
        return False
    if report.sealed is not None and store.key(key) is not None:
        return withdraw(tx, store, key, receipt_codes.new_key())
    transitions.change_state(tx, report, Act.REPORT_WITHDRAWN)
    transitions.record(tx, Act.REPORT_WITHDRAWN, key)
    return True


def destroy_again(tx: WriteTransaction, store: KeyStore, key: str, state: str, reason: str) -> bool:
    """Destroy the texts and keys of a report again; False where that is done.

    :param state: the one that it had when it was destroyed, with its reason.
    :raises Refused: ``report_state`` for an open report that was accepted later.
    """
    report = tx.session.get(Report, key)
    if report is None or report.sealed is None:
        return False
    if report.state != state:
        if state not in _DECISIONS:
            raise Refused("report_state", state=report.state)
        act = _DECISIONS[state]
        transitions.change_state(tx, report, act)
        report.reason = reason
        transitions.record(tx, act, key, None, reason=reason)
    destroy_texts(tx, [report])
    transitions.record(tx, Act.REPORT_PURGED, key)
    destroy_keys_after_commit(tx, store)
    return True


def remove_file_again(
    tx: WriteTransaction, store: KeyStore, file_key: str, why: str, *, event: str
) -> bool:
    """Destroy a file of a report again; False where that is done. Its cases have acts of their own.

    :param event: that of the line of the first destruction.
    """
    row = tx.session.get(ReportEvidence, file_key)
    data_key = store.key(row.report_key) if row is not None else None
    if row is None or data_key is None:
        return False
    destroy_row(tx, data_key, row, why)
    act = Act.REPORT_FILE_REMOVED
    transitions.record(tx, act, row.report_key, file=file_key, why=why, again=event)
    return True
