"""What an adversary brought: each input is read as it is meant, or refused in a sentence."""

import json
from pathlib import Path

from scenarios.cli import main

CASES = Path(__file__).parent / "adversary"


def test_an_id_with_a_semicolon_is_one_site(tmp_path: Path) -> None:
    asked = ["--data", str(CASES / "phases_semicolon_data"), "--rules", "panzhihua_2023", "--per-year", "1"]
    assert main(["phases", str(CASES / "phases_semicolon.yaml"), *asked, "--out", str(tmp_path / "o")]) == 0
    answer = json.loads((tmp_path / "o" / "manifest.json").read_text("utf-8"))["answer"]
    assert sorted(answer["years"]) == ["TH1", "TH;2"]
    assert "甲镇卫生院" in (tmp_path / "o" / "分期.csv").read_text("utf-8-sig")
