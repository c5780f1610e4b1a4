"""What tests of reports share."""

from __future__ import annotations

import pytest
from databases import Registers, open_engine
from sqlalchemy.orm import Session

from register.cases.vocabulary import Vocabulary, current_vocabulary


@pytest.fixture(scope="session")
def vocabularies(registers: Registers, tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    """The vocabularies of a new register."""
    with (
        registers.new("sqlite", tmp_path_factory.mktemp("vocabularies")) as settings,
        open_engine(settings.database_url) as engine,
        Session(engine) as session,
    ):
        return current_vocabulary(session)
