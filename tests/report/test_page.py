"""The report: well-formed, alone in one file, nothing in it unescaped, and its numbers those of metrics.json."""

import base64
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from src.report.examples import Examples, gathered_examples
from src.report.page import write_report
from tests.report.evaluated import SIZE, evaluated

VOID = {"meta", "link", "img", "input", "source"}
PUBLISHED = {
    "published": {"psnr": 27.0, "ssim": 0.9, "tof": 1.5},
    "tolerance": {"psnr": 0.05, "ssim": 0.9},
    "difference": {"psnr": 0.25},
}


class Page(HTMLParser):
    """A page that was read: tables as lists of rows by title, attributes of all tags, the text outside of them."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.tables, self.titles, self.text = [], [], {}, [], ""
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables[self.titles[-1]] = []
        elif tag == "tr":
            self.tables[self.titles[-1]].append([])
        elif tag in ("td", "th"):
            self.tables[self.titles[-1]][-1].append("")
        elif tag == "h2":
            self.titles.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[self.titles[-1]][-1][-1] += data
        elif self.open and self.open[-1] == "h2":
            self.titles[-1] += data
        if not {"style", "script"} & set(self.open):
            self.text += data

    def values(self, wanted):
        return [value for _, name, value in self.attributes if name == wanted]


@pytest.fixture
def report(tmp_path):
    def made(**options):
        results, examples, records = evaluated(tmp_path, **options)
        text = write_report(tmp_path, results, examples).read_text(encoding="utf-8")
        return Page(text), text, results, records

    return made


def test_the_page_needs_nothing_but_itself(report, tmp_path):
    page, text, _, _ = report(**PUBLISHED, failed=[{"name": "a", "error": "b"}])
    for name in ("src", "srcset", "href"):
        assert page.values(name) and all(value.startswith("data:") for value in page.values(name))
    assert not re.search(r"https?:|//\w|@import|url\(", re.sub(r"data:[^\"]*|// [^\n]*", "", text))
    assert {path.name for path in tmp_path.iterdir()} == {"metrics.json", "samples.jsonl", "report.html"}


def test_the_tables_say_what_metrics_json_says(report):
    page, _, results, _ = report()
    head, *rows = page.tables["Results"]
    assert head == ["group", "samples", "PSNR, dB", "SSIM", "LPIPS", "psnr y"]
    for row, (name, group) in zip(rows, results["groups"].items()):
        assert row[:2] == [name, str(group["samples"])]
        assert row[2:] == [
            f"{group['psnr']:.2f}",
            f"{group['ssim']:.4f}",
            f"{group['lpips']:.4f}",
            f"{group['psnr_y']:.4f}",
        ]
    assert f"PSNR, dB{results['psnr']:.2f}SSIM{results['ssim']:.4f}" in page.text


def test_published_values_stand_beside_the_measured_ones_with_a_verdict(report):
    page, _, results, _ = report(**PUBLISHED, published_samples=50)
    assert "Published over 50 samples, measured over 12." in page.text and "published samples" not in page.text
    psnr, ssim, tof = page.tables["Published and measured"][1:]
    assert psnr == ["PSNR, dB", "27.00", f"{results['psnr']:.2f}", "+0.250", "±0.05", "outside"]
    assert ssim == ["SSIM", "0.9000", f"{results['ssim']:.4f}", f"{results['ssim'] - 0.9:+.5f}", "±0.9", "within"]
    assert tof == ["tOF", "1.500", "", "", "", "not measured"]
    assert "Published and measured" not in report()[0].tables


def test_samples_that_failed_are_listed_with_their_errors(report):
    failed = [{"group": "clip", "name": "7", "error": "needs 11 pixels"}, {"name": "8", "error": "gone"}]
    page, *_ = report(failed=failed)
    assert page.tables["Not measured: 2"][1:] == [["clip / 7", "needs 11 pixels"], ["8", "gone"]]


def test_a_run_in_which_everything_failed_still_has_a_page(report):
    page, *_ = report(count=0, failed=[{"name": "x", "error": "gone"}])
    assert page.tables["Not measured: 1"] and "Worst samples" not in page.titles


def test_frames_without_a_truth_are_counted_and_not_shown(tmp_path):
    examples = Examples()
    examples.see({"group": "Army", "name": "1"}, SimpleNamespace(truth=None), np.zeros((3, 8, 8), np.float32))
    (tmp_path / "samples.jsonl").write_text('{"group": "Army", "name": "1"}\n')
    results = {"model": "m", "dataset": "d", "protocol": {}, "psnr": None, "ssim": None, "samples": 1}
    text = write_report(tmp_path, {**results, "groups": {"Army": {"samples": 1}}}, examples).read_text(encoding="utf-8")
    page = Page(text)
    assert page.tables["Results"] == [["group", "samples"], ["Army", "1"]] and "PSNR" not in page.text


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        ("whole frames", "Protocol: whole frames"),
        (
            {"channel": "y", "crop": 8, "rounded": True, "scale": 0.8, "frames": [3, 4]},
            "rounded yes scale 0.8 frames 3, 4",
        ),
    ],
)
def test_the_protocol_is_told_as_text_or_as_facts(report, protocol, told):
    page, text, *_ = report(protocol=protocol)
    assert told in " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_names_cannot_break_out_of_the_page(report):
    evil = "<img src=x onerror=alert(1)>\"'&"
    page, text, *_ = report(model=evil, protocol={evil: evil}, failed=[{"name": evil, "error": evil}], groups={})
    assert "<img src=x" not in text and "onerror" not in {name for _, name, _ in page.attributes}
    assert page.text.count(evil) >= 4


def test_worst_and_best_samples_are_those_of_lowest_and_highest_psnr(report):
    page, text, _, records = report()
    order = [each["name"] for each in sorted(records, key=lambda each: each["psnr"])]
    shown = re.findall(r"<h3>clip \d / (\d+)</h3>", text)
    assert shown == order[:3] + order[:-4:-1]


def test_few_samples_are_either_among_the_worst_or_among_the_best(report):
    text = report(count=3)[1]
    shown = re.findall(r"<h3>clip \d / (\d+)</h3>", text)
    assert len(shown) == 3 and len(set(shown)) == 3


def test_workers_together_keep_the_samples_that_one_would_keep(tmp_path):
    truth = np.zeros((3, *SIZE), np.float32)
    psnr = [30.0, 25.0, 30.0, 27.5, 25.0, 31.0, 29.0, 25.0, 28.0]

    def seen(numbers):
        examples = Examples(count=3)
        for number in numbers:
            record = {"group": "clip", "name": f"{number}", "psnr": psnr[number]}
            examples.see(record, SimpleNamespace(truth=truth), truth + number / 255)
        return examples

    alone = seen(range(9))
    for rank, numbers in enumerate((range(4), range(4, 5), range(5, 9))):
        seen(numbers).leave(tmp_path, rank)
    together = gathered_examples(tmp_path, 4, count=3)
    assert [each.record["name"] for each in alone.worst] == ["1", "4", "7"]
    assert (together.worst, together.best) == (alone.worst, alone.best)
    assert not list(tmp_path.iterdir())


def test_pictures_are_the_true_frame_the_prediction_and_their_difference(report):
    page, *_ = report()
    pictures = [value.partition("base64,")[2] for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    decode = [cv2.imdecode(np.frombuffer(base64.b64decode(each), np.uint8), 1) for each in pictures[1:4]]
    truth, prediction, error = (each.astype(int) for each in decode)
    assert truth.shape == (*SIZE, 3)
    # the worst one has 0.12 of noise: 31 of 32 levels, next to the last colour of the map
    assert np.abs(truth - prediction).max() == 31
    plain = ((truth > 31) & (truth < 224)).all(axis=2)
    last = cv2.applyColorMap(np.array([[round(0.12 * 255 / 32 * 255)]], np.uint8), cv2.COLORMAP_INFERNO)[0, 0]
    assert plain.sum() > 100 and np.abs(error[plain] - last).max() <= 2
