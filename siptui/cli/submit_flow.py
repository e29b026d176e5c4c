"""How `run`, `retry` and `resume` submit."""

from siptui.app.in_process_runs import in_process_run_service
from siptui.app.recording_file import RecordingFile
from siptui.app.session import Selected
from siptui.app.worker_start import can_be_renewed, worker_run_service
from siptui.cli.journal_notice import told
from siptui.runs.service import RunService


def run_service_for(
    selected: Selected,
    *,
    foreground: bool,
    account: str = "",
    record: RecordingFile | None = None,
    log_level: str | None = None,
    wait_for_sign_in: bool = True,
) -> RunService:
    """The run service with worker processes, or with `foreground` the one that works here."""
    if foreground:
        return told(
            in_process_run_service(selected, account=account, record=record, log_level=log_level)
        )
    return told(
        worker_run_service(
            selected,
            account=account,
            record=record,
            log_level=log_level,
            wait_for_sign_in=wait_for_sign_in and can_be_renewed(selected),
        )
    )
