"""The report in a real browser: it draws everything, loads nothing, fits a telephone, and its sliders move."""

import pytest

from src.report.page import write_report
from tests.browser import NAMES, Browser, find_browser
from tests.report.evaluated import evaluated

CLIP = "getComputedStyle(document.querySelectorAll('.over')[1]).clipPath"
BOX = """(() => {
  const slider = document.querySelectorAll(".slider")[1];
  slider.scrollIntoView({block: "center"});
  const box = slider.getBoundingClientRect();
  return [box.left, box.top + box.height / 2, box.width];
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find_browser()
    if not program:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH")
    folder = tmp_path_factory.mktemp("report")
    name = "a_very_long_name_without_a_single_place_to_break_it_" * 3
    results, examples, _ = evaluated(
        folder, model=name, published={"psnr": 27.0}, failed=[{"name": name, "error": name}]
    )
    with Browser(program, folder / "profile") as opened:
        opened.open(write_report(folder, results, examples).as_uri())
        yield opened


def share(browser):
    """Return the share of the second sample's prediction that is shown, in %, as its clipping says."""
    hidden = browser.evaluate(CLIP).removeprefix("inset(").removesuffix(")").split()[1]
    return 100 - float(hidden.removeprefix("calc(100% - ").removesuffix("%"))


def test_all_pictures_are_drawn_and_nothing_is_asked_from_elsewhere(browser):
    broken = "[...document.images].filter(each => !each.complete || !each.naturalWidth).length"
    assert browser.evaluate("document.images.length") > 10 and browser.evaluate(broken) == 0
    asked = [
        each["params"]["request"]["url"] for each in browser.events if "requestWillBeSent" in each.get("method", "")
    ]
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}


def test_the_page_runs_without_a_complaint(browser):
    kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
    assert not [each for each in browser.events if each.get("method") in kinds]


def test_a_drag_moves_the_border_of_its_own_sample_alone(browser):
    left, middle, width = browser.evaluate(BOX)
    browser.drag((left + width * 0.5, middle), (left + width * 0.25, middle))
    assert share(browser) == pytest.approx(25, abs=1)
    others = "[...document.querySelectorAll('.compare')].map(each => each.style.getPropertyValue('--at'))"
    assert [each for each in browser.evaluate(others) if each] == [browser.evaluate(others)[1]]


def test_the_keyboard_moves_the_border(browser):
    browser.evaluate("document.querySelectorAll('.slider')[1].focus()")
    browser.press("Home", 36)
    assert share(browser) == 0
    browser.press("End", 35)
    assert share(browser) == 100


@pytest.mark.parametrize("width", [320, 400, 1600])
def test_the_page_is_as_wide_as_the_window(browser, width):
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.evaluate(over) == 0
