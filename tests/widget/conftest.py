"""What the tests of the widget's server side share."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.http import widget
from app.integrations.widget_files import WidgetFiles
from app.models.agent import Agent
from app.services import widget_panel
from tests.agent.rows import add_agent
from tests.cast import Cast


def write_sources(folder: Path) -> None:
    """A small widget: a loader, a panel of two modules and a style, and texts in four languages."""
    (folder / "panel").mkdir()
    (folder / "languages").mkdir()
    (folder / "loader.js").write_text("/** Loads. */\n(() => {\n  window.Frontdesk = { open() {} };\n})();\n")
    (folder / "panel" / "panel.js").write_text("import { a } from './talk.js';\n\na();\n")
    (folder / "panel" / "talk.js").write_text("export const a = () => {};  // talks\n")
    (folder / "panel" / "panel.css").write_text("body {\n  color: red;\n}\n")
    for language, send in {"en": "Send", "es": "Enviar", "ar": "إرسال", "zh": "发送"}.items():
        (folder / "languages" / f"{language}.json").write_text(json.dumps({"send": send}), "utf-8")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of sources that the application serves instead of its own, watched for changes."""
    write_sources(tmp_path)
    files = WidgetFiles(tmp_path, watching=True)
    monkeypatch.setattr(widget, "widget_files", files)
    monkeypatch.setattr(widget_panel, "widget_files", files)
    return tmp_path


@pytest.fixture
def ronda(database: Session, cast: Cast) -> Agent:
    """Acme's agent."""
    return add_agent(database, cast.acme, greeting="Hi!", languages=["es", "en"])
