"""What the pages name is there: files, settings, commands, tests, figures."""

import re
from pathlib import Path

import attrs
import pytest

from binance_adapter.metrics import METRICS
from http_adapter.problem_types import PROBLEM_TYPES
from tradecore.application import laws
from tradecore.domain.events import AlertKind
from tradecore.domain.ledger import EntryKind
from tradecore_server.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
OURS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name != "progress.md"),
]
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
WIDTH = 100


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of every table."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names_of_tests() -> set[str]:
    sources = (*ROOT.glob("*/*/tests/**/*.py"), *ROOT.glob("*/*/src/**/*.py"))
    return {
        name
        for path in (*sources, *ROOT.glob("tests/**/*.py"))
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }


@pytest.mark.parametrize("page", OURS, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert broken == []


@pytest.mark.parametrize("page", OURS, ids=lambda page: page.name)
def test_a_page_can_be_read_as_plain_text(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    wide = [
        line
        for line in prose.splitlines()
        if len(line) > WIDTH and not line.startswith(("|", "!["))
    ]

    assert wide == []


def shown(default: object) -> str:
    """Return a default as one would write it into the environment."""
    if default is None:
        return "none"
    return f"`{','.join(default) if isinstance(default, tuple) else default}`"


def test_every_setting_is_on_the_page_with_its_default() -> None:
    described = {row[0]: row[1] for row in rows(read("docs/guides/running.md")) if PREFIX in row[0]}

    assert described == {
        f"`{PREFIX}{field.name.upper()}`": shown(field.default) for field in attrs.fields(Settings)
    }


def test_every_word_of_the_command_is_on_the_page() -> None:
    source = read("services/tradecore_server/src/tradecore_server/cli.py")
    words = set(re.findall(r"@app\.command\ndef (\w+)", source))
    page = read("docs/guides/running.md").partition("## The command")[2].partition("\n## ")[0]

    assert {row[0].strip("`") for row in rows(page)[2:]} == words


def test_every_metric_of_the_venue_and_every_alert_is_on_the_page() -> None:
    first = {row[0].strip("`") for row in rows(read("docs/guides/running.md"))}

    assert {name for name in METRICS if not {name, f"{name}_total"} & first} == set()
    assert set(AlertKind) <= first


def test_every_kind_of_entry_is_on_the_page() -> None:
    page = read("docs/guides/ledger.md")

    assert [kind for kind in EntryKind if f"`{kind}`" not in page] == []


def test_the_problems_that_the_page_names_exist() -> None:
    named = re.findall(r"429 `([a-z-]+)`, 503 `([a-z-]+)`", read("docs/guides/running.md"))

    assert named
    assert {code for pair in named for code in pair} <= set(PROBLEM_TYPES)


def test_every_law_and_every_fault_of_the_tests_is_on_the_page() -> None:
    listed = {row[0] for row in rows(read("docs/guides/faults.md"))}
    provoked = {
        fault.upper() for name in names_of_tests() for fault in re.findall(r"_(f\d+)(?=_)", name)
    }

    assert {law.law for law in laws.LAWS} <= listed
    assert provoked <= listed


def test_the_tests_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", read("docs/guides/faults.md")))

    assert named
    assert named - names_of_tests() == set()


def test_every_make_target_is_explained() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE)
    explained = set(re.findall(r"`make ([a-z-]+)", read("CONTRIBUTING.md")))

    assert explained == set(targets) - {"help"}


def test_the_files_that_contributors_are_sent_to_exist() -> None:
    page = read("CONTRIBUTING.md")
    named = re.findall(r"`((?:packages|services|tests|docs)/[\w/.-]*)`", page)

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name.partition("-")[0]) for page in DECISIONS]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_says_all_four_things(page: Path) -> None:
    text = page.read_text("utf-8")

    assert text.startswith(f"# {page.name.partition('-')[0]} ")
    for part in ("Context", "Choice", "Consequences", "What would change our mind"):
        assert f"**{part}.**" in text


def test_the_decisions_that_the_code_names_exist() -> None:
    named = {
        name
        for path in (*ROOT.glob("packages/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py"))
        for name in re.findall(r"docs/[\w/.-]+\.md", path.read_text("utf-8"))
    }

    assert [name for name in named if not (ROOT / name).exists()] == []
