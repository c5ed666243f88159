"""The page in a real browser: a clip is dropped, its progress seen, both pictures compared, the result downloaded."""

import time

import pytest

from tests.browser import NAMES, Browser, find_browser
from tests.serve.conftest import PATIENCE
from tests.video.clips import decoded

CENTRE = """(() => {
  const place = document.querySelector("%s");
  place.scrollIntoView({block: "center"});
  const box = place.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2, box.width];
})()"""
ERROR = "document.getElementById('error').hidden ? '' : document.getElementById('error').textContent"
SHOWN = "['form', 'running', 'finished'].filter((id) => !document.getElementById(id).hidden).join()"
SHARE = "document.getElementById('compare').style.getPropertyValue('--at')"
SECRET = "<img src=x onerror=document.title=1>.mp4"


@pytest.fixture(scope="module")
def browser(server, tmp_path_factory):
    program = find_browser()
    if not program:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH")
    with Browser(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(browser, server):
    """Open the page as one who never was there."""
    visit(browser, server.url)
    browser.evaluate("localStorage.clear()")
    visit(browser, server.url)
    wait(browser, "document.getElementById('model').options.length === 1")
    return browser


def visit(browser, url):
    browser.events.clear()
    browser.open(url)


def wait(page, condition):
    """Wait until a JavaScript expression is true and return its value."""
    deadline = time.monotonic() + PATIENCE
    while not (value := page.evaluate(condition)):
        assert time.monotonic() < deadline, (condition, page.evaluate("document.body.innerText"))
        time.sleep(0.02)
    return value


def press(page, element):
    page.evaluate(f"document.getElementById('{element}').click()")


def drop(page, path):
    x, y, _ = page.evaluate(CENTRE % "#drop")
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        page.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)
    wait(page, "!document.getElementById('picked').hidden")


def finished(page):
    wait(page, f"{SHOWN} === 'finished' && !document.getElementById('comparison').hidden")


def complaints(page):
    kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
    return [event for event in page.events if event.get("method") in kinds]


def test_a_clip_becomes_smoother_and_nothing_is_asked_from_elsewhere(page, server, video, tmp_path):
    drop(page, video)
    assert page.evaluate("document.getElementById('name').textContent") == "clip.mp4"
    page.evaluate("document.getElementById('multi').value = '4'")
    press(page, "start")
    said = "/^[1-9]\\d* of 29 frames, .* fps, .* left$/.test(document.getElementById('stage').textContent)"
    assert 0 < wait(page, f"{said} && document.getElementById('bar').value") <= 1
    finished(page)
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    press(page, "download")
    while not (tmp_path / "clip-x4.mp4").exists():
        page.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert len(decoded(tmp_path / "clip-x4.mp4")) == 29
    wait(page, "document.getElementById('result').videoWidth === 48")
    assert "8 before, 29 after" in page.evaluate("document.getElementById('report').textContent")
    requests = [event["params"] for event in page.events if event.get("method") == "Network.requestWillBeSent"]
    asked = [each["request"]["url"] for each in requests]
    assert len(asked) > 5
    assert {url for url in asked if not url.startswith(("data:", "blob:", f"{server.url}/"))} == set()
    assert complaints(page) == []


def test_the_slider_and_the_moments_move(page, video):
    drop(page, video)
    press(page, "start")
    finished(page)
    x, y, width = page.evaluate(CENTRE % "#compare")
    page.drag((x, y), (x + width / 4, y))
    assert float(page.evaluate(SHARE).rstrip("%")) == pytest.approx(75, abs=1)
    first = page.evaluate("document.getElementById('after').src")
    page.evaluate("document.getElementById('moment').focus()")
    page.press("ArrowRight", 39)
    wait(page, f"document.getElementById('after').src !== '{first}'")
    assert page.evaluate("[...document.querySelectorAll('.compare img')].every((each) => each.naturalWidth === 48)")


def test_what_is_no_video_shows_the_line_of_the_command(page, tmp_path):
    (tmp_path / "text.mp4").write_text("this is no video\n")
    drop(page, tmp_path / "text.mp4")
    press(page, "start")
    assert wait(page, ERROR) == "error: text.mp4: is not a video that can be read, or is damaged"
    assert page.evaluate(SHOWN) == "form"
    page.evaluate("document.querySelector('[value=fps]').click(); document.getElementById('fps').value = 'fast'")
    press(page, "start")
    wait(page, f"({ERROR}) === \"error: fps is a number or a fraction such as 60000/1001; got 'fast'\"")


def test_a_name_is_text(page, video, tmp_path):
    path = tmp_path / SECRET
    path.write_bytes(video.read_bytes())
    drop(page, path)
    assert page.evaluate("document.getElementById('name').textContent") == SECRET
    press(page, "start")
    finished(page)
    assert page.evaluate("document.querySelectorAll('img').length") == 2 and complaints(page) == []


def test_work_goes_on_without_the_page_and_can_be_cancelled(page, server, video):
    drop(page, video)
    page.evaluate("document.getElementById('multi').value = '8'")
    press(page, "start")
    wait(page, "document.getElementById('stage').textContent.includes('of 57 frames')")
    visit(page, "about:blank")
    visit(page, server.url)
    assert wait(page, "document.querySelector('#tasks strong')?.textContent") == "clip-x8.mp4"
    page.evaluate("document.querySelector('#tasks button').click()")
    wait(page, f"{SHOWN} === 'running' && document.getElementById('stage').textContent.includes('of 57 frames')")
    press(page, "cancel")
    wait(page, f"{SHOWN} === 'form'")
    assert page.evaluate(ERROR) == "" and page.evaluate("document.getElementById('before_this').hidden")


def test_the_page_is_as_wide_as_the_window(page, video):
    def are_fitting():
        for width in (320, 390, 1280):
            page.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
            )
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over == 0, width

    page.evaluate("document.querySelector('details').open = true")
    are_fitting()
    drop(page, video)
    are_fitting()
    press(page, "start")
    are_fitting()
    finished(page)
    are_fitting()
