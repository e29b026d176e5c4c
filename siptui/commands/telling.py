"""Telling on standard error what befell the journal when a command opened it."""

from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from siptui.runs.office import Office

O_ = TypeVar("O_", bound="Office")


def told(office: O_) -> O_:
    """`office`, after its notice was said, if it has one."""
    if office.notice:
        click.echo(office.notice, err=True)
    return office
