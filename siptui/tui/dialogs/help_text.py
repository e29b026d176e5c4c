"""What `?` tells in a dialog: what the answer leads to, by what the question is about."""

from collections.abc import Iterable
from enum import Enum, auto

from siptui.tui.widgets.text_lines import Line

_LOST = "What was submitted before continues at the service whatever is chosen here."
_PASSWORDS = (
    "The service gives each account a new, unknown password and signs its phone in. "
    "Whatever else uses one of these passwords stops working."
)
_NO_WAY_BACK = (
    "What has been submitted cannot be called back. P holds up what still waits; quitting does not."
)
_REGION = (
    "A device lives in the one region whose provisioning URL it was given. In another region the "
    "service answers that the device is not found; nothing worse happens."
)
_ASKED = (
    "The passwords of the accounts in the column you choose will be reset, so siptui does not "
    "guess. Esc opens no list; nothing is submitted before a number is typed."
)
_KEPT_OPEN = "The answer is kept for lists with the same headers. Esc opens no list."
_KEPT = "The answer is kept for lists with the same headers, and every confirmation names them."


class Topic(Enum):
    """What a question is about."""

    SUBMIT = auto()
    RETRY = auto()
    SUBMIT_AGAIN = auto()
    RESUME = auto()
    JOURNAL = auto()
    CAUSES = auto()
    CORRECT = auto()
    UNKNOWN_OUTCOME = auto()
    GIVE_UP_WHICH = auto()
    GIVE_UP = auto()
    PERSONAL_ACCOUNTS = auto()
    DATES = auto()
    SHEET = auto()
    ACCOUNT_COLUMN = auto()
    REGION_COLUMN = auto()
    SIGNED_IN = auto()
    FIRST_OF = auto()
    WAVES = auto()
    REGION = auto()
    PROFILE_REGION = auto()
    PROFILE_CLOUD = auto()
    FIRST_RUN = auto()
    NEXT_STEP = auto()
    SORT = auto()
    COLUMNS = auto()
    THEME = auto()
    EXPORT = auto()
    FILE_EXISTS = auto()
    UNFINISHED = auto()
    QUIT = auto()
    SIGN_IN = auto()
    TOKEN_STORE = auto()
    FIX = auto()
    UNDO = auto()
    NUMBER_TYPE = auto()
    COPY = auto()
    OTHER_PROFILE = auto()
    EXPORT_STATUS = auto()
    TO_DO = auto()


TEXTS: dict[Topic, tuple[str, ...]] = {
    Topic.SUBMIT: (
        _PASSWORDS,
        _NO_WAY_BACK,
        "The marked rows are submitted; without marks those that a filter shows; without a filter "
        "all. What is left out can be submitted when this run has ended.",
        "To be surer first: Esc, then p checks what accounts, phones and tenant lack.",
    ),
    Topic.RETRY: (
        _PASSWORDS,
        "A retry submits the devices once more. It helps where the cause has been fixed, or "
        "is temporary (offline, AD throttling). Enter on a failed row says which it is.",
        "Tab goes to the size of a batch: smaller ones go easier on a directory that throttles. A "
        "device that was throttled never goes into more than half of the batch it was in.",
    ),
    Topic.SUBMIT_AGAIN: (
        "It is not known whether the service acted on these devices. If it did, they are signed in "
        "already or soon will be, and a second submit resets their passwords once more.",
        "b shows the batches that the service lists.",
    ),
    Topic.RESUME: (
        "The devices that wait are submitted, those that were submitted are followed; none is "
        "submitted twice.",
        _PASSWORDS,
    ),
    Topic.JOURNAL: (
        "The journal is the record of what was submitted from here. Where it has lost something, "
        "phones may be live at the service that it knows nothing of; b shows them.",
        "Until it is acknowledged the warning is shown at each start, and scripts submit nothing.",
    ),
    Topic.CAUSES: (
        "The failed devices of these causes are submitted once more, after a question that names "
        "their number. The others stay as they are.",
    ),
    Topic.CORRECT: (
        "For a row whose names are wrong in the list, such as a user name that the tenant does not "
        "have. What is typed is checked by the rules of a list, and whether the account may be "
        "personal. What stood there is kept in the history, the export and the report.",
        "Before a list is submitted its faulty rows are corrected so, as long as it is open.",
        "Nothing is submitted by it: r then retries the row, after the usual question. The list "
        "itself stays as it is; e writes one with the names of now.",
    ),
    Topic.UNKNOWN_OUTCOME: (
        "To follow a batch of the service submits nothing: its results become those of these "
        "devices. To submit again is right only when the service has no such batch.",
        "b shows the batches that the service lists, with the devices of each batch.",
    ),
    Topic.GIVE_UP_WHICH: (
        "Nothing is cancelled at the service: it may continue with the batch and sign its "
        "phones in. It is only no longer followed here, and its slot is free.",
        "b shows the batches that the service lists. A batch that was given up can be followed "
        "again.",
    ),
    Topic.GIVE_UP: (
        "The devices without an outcome are unknown from then on. No other device of their "
        "accounts goes out until you decide about them.",
    ),
    Topic.PERSONAL_ACCOUNTS: (
        "Bulk sign-in is for accounts of shared phones. An account without a common area phone "
        "policy may belong to a person, who could not sign in anywhere after the reset.",
        "Left out, a row stays in the list and is submitted another time.",
    ),
    Topic.DATES: (
        "A phone must be signed in within 72 hours of onboarding; with day and month exchanged its "
        "deadline is missed. Neither reading is certain from the dates of the list.",
        _KEPT_OPEN,
    ),
    Topic.SHEET: (
        "Each of them has a header with a user name and a hardware id. Esc opens no list; the name "
        "of the sheet stands in the confirmation.",
    ),
    Topic.ACCOUNT_COLUMN: (_ASKED, _KEPT),
    Topic.REGION_COLUMN: (_REGION, _KEPT_OPEN),
    Topic.COPY: (
        "Copied is what the cells show; y in a row's details copies its PowerShell line.",
    ),
    Topic.OTHER_PROFILE: (
        "The console is opened again on the other profile: another tenant, with its own sign-in, "
        "its own runs and its own settings. The header names it.",
        "A run that a worker works on goes on. O leads back.",
    ),
    Topic.SIGNED_IN: (
        "A run of this computer signed them in as the list wants it, or the device inventory has "
        "them so. Submitted once more, each gets another new password and restarts.",
        "w shows of every row where it stands, and why.",
    ),
    Topic.FIRST_OF: (
        "The first few of each site, for one, show whether each site is ready before the rest "
        "follows. What is left out can be submitted when this run has ended.",
    ),
    Topic.WAVES: (
        "By a column such as Site, a batch has devices of one site. The first few of each site are "
        "tried before its rest; a site of which more than so many percent failed is stopped, at "
        "first or later on, and the others go on. t tells how each site stands.",
        "Without a column the first few of all are tried, and the run stops if too many fail.",
        "In a window nothing is submitted before its beginning nor from its end on. What is live "
        "is followed; what is left can be resumed. A time of day is the next one.",
    ),
    Topic.REGION: (_REGION,),
    Topic.PROFILE_REGION: (_REGION, "It can be changed in config.toml at any time."),
    Topic.PROFILE_CLOUD: (
        "Where the tenant signs in and where its services are. SIP Gateway is offered in the "
        "public cloud and in GCC.",
    ),
    Topic.FIRST_RUN: (
        "Esc leaves siptui; it asks again next time.",
        "A profile is a few lines in a file: tenant, cloud, region. Signing in comes later, and "
        "nothing is submitted before a number is typed.",
        "The demo opens a list of sixty phones of a tenant that does not exist. Everything can be "
        "tried there.",
    ),
    Topic.NEXT_STEP: (
        "Checks, submits and what the tenant has need a sign-in; to open and check a list needs "
        "none. It is asked for once something needs it, too.",
    ),
    Topic.SORT: (
        "The same column again turns the order round. Rows that change stay where they are until "
        "the next sort, so that nothing moves under the cursor.",
    ),
    Topic.COLUMNS: (
        "The list's own columns can be shown beside those of siptui; what is chosen here is kept "
        "for next time. A narrow window leaves out the less needed ones.",
    ),
    Topic.THEME: (
        "It is used at once and kept for next time. A theme of your own is a file in the "
        "folder themes beside config.toml; siptui info names that.",
    ),
    Topic.EXPORT: (
        "All results have every column of the list and what became of each device. Failed only is "
        "a list that can be opened and submitted again.",
        "The list itself is a copy of what was opened, in its own form, with the columns Status, "
        "Cause, What to do, Batch and Finished; every row of it, those left out with their reason.",
    ),
    Topic.EXPORT_STATUS: (
        "What is written is where each row stands, since when, by whom and why, with every column "
        "of the list. As CSV it can be opened again as a list.",
    ),
    Topic.TO_DO: (
        "To do is what is new, failed, or not signed in. The rest is signed in already, at "
        "the service now, or not known; Enter on a row says why.",
        "Submitted once more, a phone that is signed in gets another new password and restarts.",
    ),
    Topic.FILE_EXISTS: ("Left as it is, nothing is written. What is replaced is gone.",),
    Topic.UNFINISHED: (
        "To attach shows a run and submits nothing. One that stopped is resumed only after a "
        "question that names the number of devices.",
        "Esc leaves them alone; h finds them again.",
    ),
    Topic.QUIT: (_LOST, "What still waits is submitted only while a worker runs."),
    Topic.SIGN_IN: (
        "The code is typed at the address shown, in any browser on any device, by an account that "
        "may administer the tenant: Authentication Administrator, Privileged Authentication "
        "Administrator or Global Administrator.",
        "Where the tenant refuses sign-ins by code, b leads through a browser. On a desktop of "
        "Windows, w signs in through Windows, which shows the tenant the state of this device.",
        "Only ever type a code that you asked for yourself: who asked for it gets the sign-in.",
    ),
    Topic.TOKEN_STORE: (
        "Tokens let siptui act for you until they expire. In a file they are there after a "
        "restart, and for the worker of a run that continues without this window.",
    ),
    Topic.FIX: (
        "Each change is written down before it is sent, sent once, and read back, which may take "
        "a minute; it goes on when you leave, and F shows it again.",
        "U takes back what is marked, the one under the cursor, or all that was made.",
        "Calling policies and trusted addresses may take up to 24 hours to work on phones.",
    ),
    Topic.UNDO: ("What was there before is written back, and read back.",),
    Topic.NUMBER_TYPE: (
        "A number is assigned together with its kind, and the service refuses the wrong one. "
        "Nothing is assigned before you confirm the change.",
    ),
}


#: The topic of a question about a list, by the question's key; others are about an account's
#: column.
LIST_TOPICS = {"dates": Topic.DATES, "sheet": Topic.SHEET, "region": Topic.REGION_COLUMN}


def help_of(topic: Topic | None, keys: Iterable[tuple[str, str]]) -> list[Line]:
    """The help of a dialog: its keys, then what they lead to."""
    lines: list[Line] = [((f"{key:<15}", "key"), (word, "normal")) for key, word in keys]
    for text in TEXTS[topic] if topic is not None else ():
        lines += [(), ((text, "normal"),)]
    return lines


#: What every page with a table takes beside its own keys.
_OF_TABLES = (
    ("j k g G", "down, up, first row, last row"),
    ("PgDn PgUp", "a page down, a page up"),
    ("← →", "choose the cell to copy"),
    ("Esc q", "back to where you came from"),
    ("?", "this help"),
)


def page_help(keys: Iterable[tuple[str, str]]) -> list[Line]:
    """The keys of a page with a table: its own first, those of every table below."""
    told = {key for key, _ in _OF_TABLES} | {"Esc"}
    own = [(key, word) for key, word in keys if key not in told]
    return [((f"{key:<12}", "key"), (word, "normal")) for key, word in (*own, *_OF_TABLES)]
