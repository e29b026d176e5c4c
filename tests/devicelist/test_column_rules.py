"""Which column is what, on headers and cells: what is read, told and asked.

Over 400 lines because all of it is told by the same few words of a list.
"""

from collections.abc import Sequence

import pytest

from siptui.devicelist.column_choice import (
    Choice,
    Columns,
    as_option,
    found,
    header_above,
    looks_like_hardware,
    looks_like_user,
    no_header,
)
from siptui.devicelist.model import ListError, UndecidedError
from siptui.domain.columns import NOT_MAPPED, Mapped, named_headers

A, B, C = "a@c.de", "b@c.de", "c@c.de"
MAC, MAC2, MAC3 = "00-04-F2-81-24-B3", "00-04-F2-81-24-B4", "00-04-F2-81-24-B5"
PROFILE = "[profiles.a.columns]"


def choose(
    head: str,
    *rows: str | Sequence[str],
    mapped: Mapped = NOT_MAPPED,
    results: Sequence[int] = (),
    ours: bool = False,
) -> Columns:
    """The columns of a list with this header; cells are divided by `|`."""
    cells = [row.split("|") if isinstance(row, str) else row for row in rows]
    names = head.split("|")
    more = {"ours": True} if ours else {}
    return Choice("list", 1, names, cells, mapped, frozenset(results), **more).choose()


def asked(head: str, *rows: str, mapped: Mapped = NOT_MAPPED) -> UndecidedError:
    """What is asked of such a list."""
    with pytest.raises(UndecidedError) as told:
        choose(head, *rows, mapped=mapped)
    return told.value


def refused(head: str, *rows: str, mapped: Mapped = NOT_MAPPED) -> ListError:
    """Why such a list cannot be read."""
    with pytest.raises(ListError) as told:
        choose(head, *rows, mapped=mapped)
    assert not isinstance(told.value, UndecidedError)
    return told.value


def headers(error: UndecidedError) -> list[str]:
    """What can be answered."""
    return [option.header for option in error.question.options]


def profile(**names: tuple[str, ...]) -> Mapped:
    """Headers that a profile names."""
    return Mapped(names, PROFILE)


# -- what cells look like


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [
        (A, True),
        (f"SIP:{A}", True),
        ("a.b+c@sub.contoso.example", True),
        ("", False),
        ("a", False),
        ("a@c", False),
        ("@c.de", False),
        ("a@c.", False),
        ("a@b@c.de", False),
        ("a b@c.de", False),
        (f"{A}, {B}", False),
        (f"A <{A}>", False),
    ],
)
def test_what_looks_like_a_user_name(cell: str, is_one: bool) -> None:
    assert looks_like_user(cell) is is_one


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [
        ("0004F28124B3", True),
        ("0004f28124b", False),
        ("VG0004f28124b3", True),
        ("sep0004f28124b3", True),
        ("SEP00:04:F2:81:24:B3 / 001", True),
        ("ATA00-04-F2-81-24-B3 /:- / 001", True),  # thirty characters
        (f"{MAC}:0001", False),
    ],
)
def test_what_looks_like_a_hardware_id_with_its_port(cell: str, is_one: bool) -> None:
    assert looks_like_hardware(cell) is is_one


# -- columns that are named


def test_headers_that_are_named_are_read_and_no_other() -> None:
    mapped = profile(username=("Konto",), hardware_id=("Inventar",))
    got = choose("UPN|MAC|Konto|Inventar", f"{A}|{MAC}|{B}|{MAC2}", mapped=mapped)
    assert got.places == {"username": 2, "hardware_id": 3}
    assert [(read.key, read.header, read.reason, read.why) for read in got.read] == [
        ("username", "Konto", "named", f"named by “username” in {PROFILE}"),
        ("hardware_id", "Inventar", "named", f"named by “hardware_id” in {PROFILE}"),
    ]


@pytest.mark.parametrize("wanted", [("Konto neu", "Konto"), ("Konto", "Konto neu")])
@pytest.mark.parametrize("head", ["Konto|Konto neu", "Konto neu|Konto"])
def test_of_several_headers_that_a_profile_names_the_first_counts(
    wanted: tuple[str, str], head: str
) -> None:
    got = choose(f"{head}|MAC", f"{A}|{B}|{MAC}", mapped=profile(username=wanted))
    assert got.places["username"] == head.split("|").index(wanted[0])
    rest = choose(f"x|{wanted[1]}|MAC", f"{A}|{B}|{MAC}", mapped=profile(username=wanted))
    assert rest.places["username"] == 1


def test_of_spellings_of_one_header_that_which_was_typed_counts() -> None:
    typed = named_headers(["username=konto"])
    assert choose("Konto|konto|MAC", f"{A}|{B}|{MAC}", mapped=typed).places["username"] == 1
    assert choose("Konto|MAC", f"{A}|{MAC}", mapped=typed).places["username"] == 0
    error = asked("Konto|KONTO (2)|MAC", f"{A}|{B}|{MAC}", mapped=typed)
    assert headers(error) == ["Konto", "KONTO (2)"]
    by_profile = profile(username=("konto",))
    for twin in ("konto", "Konto (2)"):
        error = asked(f"Konto|Nutzer|{twin}|MAC", f"{A}|{C}|{B}|{MAC}", mapped=by_profile)
        assert headers(error) == ["Konto", twin]
    # Which of the two is meant can be said.
    for place, header in ((0, "Konto"), (1, "Konto (2)")):
        typed = named_headers([f"username={header}"])
        got = choose("Konto|Konto (2)|MAC", f"{A}|{B}|{MAC}", mapped=typed)
        assert got.places["username"] == place
    # A number alone makes no header another.
    assert refused("Konto (2)|MAC", f"{A}|{MAC}", mapped=by_profile).code == "mapped_column"
    both = profile(username=("Nutzer", "Konto"))
    got = choose("Konto|Konto (2)|Nutzer|MAC", f"{A}|{B}|{C}|{MAC}", mapped=both)
    assert got.places["username"] == 2


def test_a_header_that_was_typed_must_be_there_and_one_of_a_profile_need_not() -> None:
    typed, known = named_headers(["site=Etage"]), profile(site=("Etage",))
    assert (
        "no column “Etage” in the header" in refused("UPN|MAC", f"{A}|{MAC}", mapped=typed).message
    )
    got = choose("UPN|MAC|Site", f"{A}|{MAC}|HQ", mapped=known)
    assert got.places["site"] == 2
    error = refused("UPN|MAC", f"{A}|{MAC}", mapped=profile(username=("Konto", "Nutzer")))
    assert error.code == "mapped_column"
    assert "no column “Konto” or “Nutzer” in the header, from which the user name" in error.message
    assert "found “UPN”, “MAC”" in error.message


def test_a_list_without_a_header_is_told_so_whatever_was_named() -> None:
    for mapped in (NOT_MAPPED, profile(username=("Konto",))):
        error = refused(f"{A}|{MAC}|HQ", mapped=mapped)
        assert error.code == "no_header"
        assert error.remedy == "Put this line above it: Username,HardwareId,…"


def test_what_the_operator_leaves_out_is_read_for_nothing() -> None:
    left_out = named_headers(["region="])
    got = choose("UPN|MAC|Region|Target region", f"{A}|{MAC}|EMEA|NOAM", mapped=left_out)
    assert "region" not in got.places
    assert got.notes == ["“Region” is not read as the region, as --column region says"]
    assert got.taken == {0, 1, 2}
    assert choose("UPN|MAC", f"{A}|{MAC}", mapped=left_out).notes == []


# -- lists of siptui, and results of an earlier run


def test_a_list_that_siptui_wrote_has_its_columns_in_front() -> None:
    got = choose("Username|HardwareId|Region|Email|MAC", f"{A}|{MAC}|EMEA|{B}|{MAC2}", ours=True)
    assert got.places == {"username": 0, "hardware_id": 1, "region": 2}
    assert [(read.key, read.reason, read.why) for read in got.read] == [
        (key, "ours", "as siptui wrote it") for key in ("username", "hardware_id", "region")
    ]
    with pytest.raises(UndecidedError):
        choose("Username|HardwareId|Region|Email|MAC", f"{A}|{MAC}|EMEA|{B}|{MAC2}")


def test_what_an_earlier_run_said_has_no_role() -> None:
    got = choose("UPN|MAC|Email", f"{A}|{MAC}|{B}", results=[2])
    assert got.places == {"username": 0, "hardware_id": 1}
    assert got.taken == {0, 1, 2}


# -- the user name and the hardware id


def test_the_column_that_holds_it_counts_before_the_one_that_is_called_so() -> None:
    got = choose("Username|Email|User|MAC", f"Ann|{A}|x|{MAC}", f"Bob|{B}|y|{MAC2}")
    assert got.places == {"username": 1, "hardware_id": 3}
    (read, _) = got.read
    assert (read.header, read.reason, read.instead_of) == ("Email", "usual", ("Username", "User"))
    assert read.why == "one of the usual names, and its cells are what it says"
    (fault,) = got.faults
    assert (fault.line, fault.column, fault.rule, fault.severity) == (
        1,
        "Email",
        "several_columns",
        "warning",
    )
    assert fault.message == ("the user name is read from “Email”; “Username”, “User” kept as it is")
    # A name that is further from the usual ones is not worth a word.
    plain = choose("Username|Email|MAC", f"{A}|x|{MAC}")
    assert (plain.read[0].instead_of, plain.faults) == ((), [])
    assert plain.read[0].why == "one of the usual names"


def test_a_column_counts_by_a_single_cell_that_is_what_it_says() -> None:
    got = choose("Username|Email|MAC", f"x|{A}|{MAC}", f"y||{MAC2}", f"z|n/a|{MAC3}")
    assert got.places["username"] == 1


def test_of_columns_that_say_the_same_the_plainest_name_counts() -> None:
    got = choose("Email|UPN|Kennung|MAC", f"{A}|A@C.de|SIP:{A}|{MAC}", f"{B}||sip:{B}|{MAC2}")
    assert got.places["username"] == 1
    assert got.notes == ["“Email”, “Kennung” says the same as “UPN”"]
    assert (got.read[0].instead_of, got.faults) == ((), [])
    got = choose("UPN|MAC|Netz", f"{A}|{MAC}|ata0004f28124b3", f"{B}|{MAC2}|0004f2.8124b4")
    assert got.places["hardware_id"] == 1
    assert got.notes == ["“Netz” says the same as “MAC”"]
    got = choose("UPN|MAC|Netz", f"{A}|{MAC}|sep0004f28124b3")
    assert got.notes == ["“Netz” says the same as “MAC”"]
    got = choose("UPN|MAC|Netz", f"{A}|0004f28124b3|{MAC}")
    assert got.notes == ["“Netz” says the same as “MAC”"]


@pytest.mark.parametrize(
    ("head", "rows", "key", "options"),
    [
        ("UPN|Email|MAC", [f"{A}|{B}|{MAC}"], "username", ["UPN", "Email"]),
        ("UPN|Email|MAC", [f"{A}|{A}|{MAC}", f"{B}|{C}|{MAC}"], "username", ["UPN", "Email"]),
        ("UPN|Kennung|MAC", [f"{A}|{B}|{MAC}"], "username", ["UPN", "Kennung"]),
        ("UPN|Email|Mail|MAC", [f"{A}|{A}|{B}|{MAC}"], "username", ["UPN", "Mail"]),
        ("UPN|Email|Mail|MAC", [f"{A}|{B}|{C}|{MAC}"], "username", ["UPN", "Email", "Mail"]),
        ("UPN|MAC|Device", [f"{A}|{MAC}|{MAC2}"], "hardware_id", ["MAC", "Device"]),
        ("UPN|MAC|Netz", [f"{A}|{MAC}|{MAC2}"], "hardware_id", ["MAC", "Netz"]),
        # What is no user name differs from what is one.
        ("UPN|Email|MAC", [f"{A}|{A}|{MAC}", f"x|{B}|{MAC}"], "username", ["UPN", "Email"]),
    ],
)
def test_where_two_columns_differ_it_is_asked(
    head: str, rows: list[str], key: str, options: list[str]
) -> None:
    error = asked(head, *rows)
    assert (error.question.key, headers(error)) == (key, options)
    assert error.code == "ambiguous_header"
    assert error.names == tuple(head.split("|"))


@pytest.mark.parametrize(
    "rows",
    [
        [f"{A}||{MAC}", f"|{B}|{MAC2}"],  # no row in which both say something
        [f"{A}|n/a|{MAC}", f"{B}|{B}|{MAC2}"],  # what is no user name says nothing
        [f"{A}|{A}|{MAC}", f"{B}"],  # a row that ends early
    ],
)
def test_columns_that_never_contradict_each_other_are_no_question(rows: list[str]) -> None:
    assert choose("UPN|Email|MAC", *rows).places["username"] == 0


def test_the_question_shows_what_stands_in_each_column() -> None:
    rows = [
        f"{A}||{MAC}",
        f"{A}|{B}|{MAC}",
        f"{B}|{B}|{MAC}",
        f"{C}|{C}|{MAC}",
        f"d@c.de|{A}|{MAC}",
    ]
    error = asked("UPN|Email|MAC", *rows)
    first, second = error.question.options
    assert first.samples == (A, B, C)
    assert second.samples == (B, C, A)
    assert error.message == (
        "list: two columns could hold the user name, and they differ: “UPN” (a@c.de, b@c.de) and "
        "“Email” (b@c.de, c@c.de)."
    )
    assert error.remedy.startswith("Say which: --column username=UPN or --column username=Email.")
    assert error.question.asks == "Which column holds the user name?"
    three = asked("UPN|Email|Mail|MAC", f"{A}|{B}|{C}|{MAC}")
    assert "list: three columns could hold" in three.message
    four = asked("UPN|Email|Mail|Konto|MAC", f"{A}|{B}|{C}|d@c.de|{MAC}")
    assert "list: 4 columns could hold" in four.message
    long = asked("UPN|Email|MAC", f"{A}|{'b' * 60}@c.de|{MAC}")
    assert long.question.options[1].samples == ("b" * 48,)


def test_of_a_header_that_stands_twice_it_is_asked_whatever_it_holds() -> None:
    for rows in ([], [f"x|y|{MAC}"], [f"||{MAC}"]):
        error = asked("UPN|UPN (2)|MAC", *rows)
        assert headers(error) == ["UPN", "UPN (2)"]
    assert "“UPN” (empty) and “UPN (2)” (empty)" in asked("UPN|UPN (2)|MAC", f"||{MAC}").message
    three = asked("UPN|UPN (2)|Email|MAC", f"x|y|z|{MAC}")
    assert headers(three) == ["UPN", "UPN (2)"]
    assert choose("UPN|Email (2)|MAC", f"x|y|{MAC}").places["username"] == 0


def test_without_a_single_cell_that_fits_the_plainest_name_counts() -> None:
    got = choose("Email|UPN|MAC", f"x|y|{MAC}", f"v|w|{MAC2}")
    assert got.places["username"] == 1
    assert got.read[0].instead_of == ("Email",)
    assert choose("UPN|MAC").places == {"username": 0, "hardware_id": 1}
    (fault,) = got.faults
    assert "“Email” kept as it is" in fault.message


def test_a_column_that_is_known_by_a_part_of_its_name_is_told() -> None:
    got = choose("Primary UPN|Phone MAC 1", f"{A}|{MAC}")
    assert [(read.reason, read.why) for read in got.read] == [("part", "by a part of its name")] * 2
    assert [(f.column, f.rule, f.severity, f.message) for f in got.faults] == [
        (
            "Primary UPN",
            "column_guessed",
            "warning",
            "the user name is read from “Primary UPN”",
        ),
        (
            "Phone MAC 1",
            "column_guessed",
            "warning",
            "the hardware id is read from “Phone MAC 1”",
        ),
    ]
    assert choose("Primary UPN|UPN of room|MAC", f"{A}|x|{MAC}").read[0].instead_of == ()
    # A usual name goes before a part of one, wherever it stands.
    assert choose("Primary UPN|Email|MAC", f"{A}|{A}|{MAC}").places["username"] == 1


def test_a_column_of_another_person_or_device_is_named_and_not_read() -> None:
    got = choose(
        "UPN|Contact e-mail|Kontakt|MAC|Alte MAC",
        f"{A}|{B}|{C}|{MAC}|{MAC2}",
        f"{B}|{B}|{C}|{MAC2}|",
    )
    assert got.places == {"username": 0, "hardware_id": 3}
    assert got.notes == [
        "“Contact e-mail”, “Kontakt” is by its name about another person: not read",
        "“Alte MAC” is by its name about another device: not read",
    ]
    assert got.read[0].instead_of == ("Contact e-mail", "Kontakt")
    assert got.read[1].instead_of == ("Alte MAC",)
    # Nor is it said to be the same where it happens to be.
    alike = choose("UPN|Contact e-mail|MAC", f"{A}|{A}|{MAC}")
    assert alike.notes == ["“Contact e-mail” is by its name about another person: not read"]


def test_a_column_of_another_person_is_asked_about_where_there_is_no_other() -> None:
    error = asked("Contact e-mail|Kontakt|MAC", f"{A}|{B}|{MAC}")
    assert headers(error) == ["Contact e-mail", "Kontakt"]
    assert error.message == (
        "list: no column for the user name. “Contact e-mail” and “Kontakt” hold user names, by "
        "the name those of another person, and is not guessed."
    )
    error = asked("UPN|Old MAC", f"{A}|{MAC}")
    assert error.message == (
        "list: no column for the hardware id. “Old MAC” holds hardware ids, by the name those of "
        "another device, and is not guessed."
    )


def test_a_column_of_an_unknown_name_is_proposed() -> None:
    error = asked("Kennung|Old UPN|MAC", f"{A}|{B}|{MAC}")
    assert headers(error) == ["Kennung"]
    assert error.message == (
        "list: no column for the user name is known by its name; “Kennung” (a@c.de) holds user "
        "names."
    )
    error = asked("Kennung|Zimmer|MAC", f"{A}|{B}|{MAC}")
    assert error.message.endswith("“Kennung” (a@c.de) and “Zimmer” (b@c.de) hold user names.")
    # Also where a column is called so and holds something else.
    assert headers(asked("Username|Kennung|MAC", f"x|{A}|{MAC}")) == ["Kennung"]


@pytest.mark.parametrize(
    ("cells", "is_one"),
    [
        ([A, B, C], True),
        ([A, B, "", ""], True),  # half of the rows
        ([A, "", ""], False),
        ([A, B, C, "x", "y"], True),  # six of ten of what stands there
        ([A, B, C, "x", "y", "z"], False),
        (["", ""], False),
    ],
)
def test_a_column_of_an_unknown_name_is_judged_by_most_of_its_cells(
    cells: list[str], is_one: bool
) -> None:
    rows = [f"{MAC}|{cell}" if cell else MAC for cell in cells]
    if is_one:
        assert headers(asked("MAC|Kennung", *rows)) == ["Kennung"]
    else:
        assert refused("MAC|Kennung", *rows).code == "header"


@pytest.mark.parametrize(
    ("cells", "is_one"),
    [
        (["000412812403", "000412812404"], False),  # numbers of telephones
        (["000412812403", "0004f2812404"], True),
        (["00-04-12-81-24-03"], True),
        (["0004.1281.2403"], True),
    ],
)
def test_twelve_digits_alone_are_no_hardware_ids(cells: list[str], is_one: bool) -> None:
    rows = [f"{A}|{cell}" for cell in cells]
    if is_one:
        assert headers(asked("UPN|Netz", *rows)) == ["Netz"]
    else:
        assert refused("UPN|Netz", *rows).code == "header"


def test_columns_of_long_lists_are_judged_by_a_few_hundred_rows() -> None:
    """Of 600 rows each second one, of 599 all."""
    rows = [[MAC, A if number % 4 == 0 else ""] for number in range(600)]
    assert headers(_asked_of("MAC|Kennung", rows)) == ["Kennung"]
    with pytest.raises(ListError) as told:
        choose("MAC|Kennung", *rows[:599])
    assert told.value.code == "header"
    first = [[MAC, A if number == 0 else "x"] for number in range(10)]
    with pytest.raises(ListError) as told:
        choose("MAC|Kennung", *first)
    assert told.value.code == "header"


def _asked_of(head: str, rows: Sequence[Sequence[str]]) -> UndecidedError:
    with pytest.raises(UndecidedError) as told:
        choose(head, *rows)
    return told.value


def test_columns_of_other_things_and_those_without_a_name_are_no_candidates() -> None:
    assert refused("UPN|Serial number", f"{A}|{MAC}").code == "header"
    assert refused("UPN|", f"{A}|{MAC}").code == "header"
    got = choose("UPN|MAC|", f"{A}|{MAC}|{B}")
    assert (got.places, got.notes) == ({"username": 0, "hardware_id": 1}, [])


@pytest.mark.parametrize(
    ("head", "rows", "lacking", "hint"),
    [
        ("Room|Phone", ["1|2"], "user name and hardware id", ""),
        ("UPN|Phone", [f"{A}|2"], "hardware id", ""),
        ("Room|MAC", [f"1|{MAC}"], "user name", ""),
        ("Contact|Phone", ["1|2"], "user name and hardware id", ""),
        ("Room|Phone|Old MAC", ["1|2|3"], "user name and hardware id", ""),
        ("Room|Old MAC|MAC", ["1|2|3"], "user name", ""),
        ("Room|Phone", [f"{A}|2", "x|y", "x|y"], "user name and hardware id", "username"),
        ("UPN|Netz", [f"{A}|{MAC}", f"{B}|x", f"{C}|y"], "hardware id", "hardware_id"),
    ],
)
def test_what_a_list_lacks_is_named_with_what_it_has(
    head: str, rows: list[str], lacking: str, hint: str
) -> None:
    error = refused(head, *rows)
    assert error.code == "header"
    names = ", ".join(f"“{name}”" for name in head.split("|"))
    assert error.message == (f"list: no column for the {lacking} in the header; found {names}.")
    assert ("--column" in error.remedy) is bool(hint)
    assert f"which column it is: --column {hint}=HEADER. " in error.remedy or not hint


# -- further columns


def test_of_several_usual_names_the_plainest_counts() -> None:
    head = "UPN|MAC|SIP Gateway region|Region|Target region"
    got = choose(head, f"{A}|{MAC}|EMEA|NOAM|APAC")
    assert got.places["region"] == 3
    assert got.read[2].instead_of == ("Target region", "SIP Gateway region")
    assert (got.read[2].reason, got.read[2].why) == ("usual", "one of the usual names")
    assert choose("Region|MAC|UPN", f"EMEA|{MAC}|{A}").read[2].instead_of == ()


def test_what_was_read_is_told_in_the_order_of_what_matters() -> None:
    got = choose(
        "Site|Model|Region|MAC|UPN", f"HQ|T46|EMEA|{MAC}|{A}", mapped=profile(site=("Site",))
    )
    assert [read.key for read in got.read] == ["username", "hardware_id", "region", "model", "site"]


# -- dates


@pytest.mark.parametrize(
    ("cells", "is_one"),
    [
        (["2026-11-25", "2026-11-26"], True),
        (["2026-11-25", ""], True),
        (["2026-11-25", "2026-11-26", "2026-11-27", "x", "y"], True),
        (["2026-11-25", "2026-11-26", "x", "y"], False),
        (["x"], False),
        ([""], False),
    ],
)
def test_a_column_of_onboarding_is_known_by_a_part_of_its_name_where_it_holds_dates(
    cells: list[str], is_one: bool
) -> None:
    rows = [f"{A}|{MAC}|{cell}" if cell else f"{A}|{MAC}" for cell in cells]
    got = choose("UPN|MAC|Phone onboarding", *rows)
    assert got.places.get("onboarded_at") == (2 if is_one else None)
    if is_one:
        assert (got.read[2].reason, got.read[2].why) == (
            "part",
            "by a part of its name, and it holds dates",
        )
        assert got.notes == []


def test_a_usual_name_of_a_date_goes_before_a_part_of_one() -> None:
    got = choose("UPN|MAC|Phone onboarding|Onboarded", f"{A}|{MAC}|2026-11-25|2026-11-26")
    assert got.places["onboarded_at"] == 3
    twice = choose("UPN|MAC|Phone onboarding|Onboarding 2", f"{A}|{MAC}|2026-11-25|2026-11-26")
    assert twice.places["onboarded_at"] == 2


NOT_READ = (
    "“Seit” holds dates and is not read; if the phones were onboarded then, say so, and their "
    "deadlines are known: --column onboarded_at=Seit"
)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["2026-11-25", "2026-11-26"], True),
        (["2026-11-25", ""], True),
        (["2026-11-25", "2026-11-26", "2026-11-27", "x", "y"], True),
        (["2026-11-25", "2026-11-26", "x", "y"], False),
        (["46000", "46001"], False),  # extensions far more often than dates
        (["x"], False),
        ([""], False),
        (["x"] * 7 + ["2026-11-25"] * 13, True),
        # By the first twenty rows.
        (["x"] * 8 + ["2026-11-25"] * 12 + ["x"], True),
        (["x"] * 9 + ["2026-11-25"] * 12, False),
    ],
)
def test_dates_that_are_not_read_are_told(cells: list[str], told: bool) -> None:
    rows = [f"{A}|{MAC}|{cell}" if cell else f"{A}|{MAC}" for cell in cells]
    assert choose("UPN|MAC|Seit", *rows).notes == ([NOT_READ] if told else [])


def test_dates_are_not_told_where_those_of_the_onboarding_are_known_or_left_out() -> None:
    rows = [f"{A}|{MAC}|2026-11-25|2026-11-26"]
    assert choose("UPN|MAC|Onboarded|Seit", *rows).notes == []
    left_out = named_headers(["onboarded_at="])
    assert choose("UPN|MAC|Start|Seit", *rows, mapped=left_out).notes == []


@pytest.mark.parametrize(
    "name",
    [
        *("Purchased", "Bought on", "Warranty", "Order date", "Invoice", "Delivered", "Birthday"),
        *("Modified", "Updated", "Changed on", "Last seen", "Last contact", "Expires", "Lease"),
        *("End", "Until", "Kaufdatum", "Garantie bis", "Rechnung", "Bestellt", "Lieferung"),
        *("Geburtstag", "Geändert", "Ablaufdatum", "Achat", "Facture", "Livraison", "Fin"),
        *("Compra", "Acquisto", "Aankoop"),
    ],
)
def test_dates_of_something_else_are_not_told(name: str) -> None:
    assert choose(f"UPN|MAC|{name}", f"{A}|{MAC}|2026-11-25").notes == []


# -- words


@pytest.mark.parametrize(
    ("cells", "header"),
    [
        ([A, MAC], "Username,HardwareId"),
        ([MAC, "x", A], "HardwareId,…,Username"),
        ([A, "x"], "Username,…"),
        (["x", MAC], "…,HardwareId"),
        (["x", "y"], ""),
        ([], ""),
    ],
)
def test_the_header_that_is_missing(cells: list[str], header: str) -> None:
    assert header_above(cells) == header
    assert header_above(cells, ";") == header.replace(",", ";")


def test_there_is_no_header() -> None:
    assert "this is a device already" in no_header("list", "Username,…").message
    assert "no header and no devices" in no_header("list", "").message
    assert (no_header("list", "").remedy or "").endswith(": Username,HardwareId")


def test_headers_in_a_message() -> None:
    assert found(["a", "", "b" * 50]) == f"“a”, “{'b' * 40}”"
    assert found(["", ""]) == "nothing"
    assert found([str(number) for number in range(13)]).endswith("“11”")


@pytest.mark.parametrize(
    ("header", "option"),
    [
        ("UPN", "--column username=UPN"),
        ("a.b@c%+d-e", "--column username=a.b@c%+d-e"),
        ("My UPN", "--column 'username=My UPN'"),
        ("$(rm)", "--column 'username=$(rm)'"),
        ("d'or", '--column "username=d\'or"'),
        ('d\'or $x `y` \\ "z"', '--column "username=d\'or \\$x \\`y\\` \\\\ \\"z\\""'),
    ],
)
def test_an_option_as_it_is_typed_in_a_shell(header: str, option: str) -> None:
    assert as_option("username", header) == option
