"""Reads an exposition from standard input, or from a program, with prometheus_client's OpenMetrics parser.

Usage: check_openmetrics.py [PROGRAM]. Prints what it found as one JSON object; exits 1 when the parser refuses the text.
"""

import json
import math
import subprocess
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def read():
    if len(sys.argv) < 2:
        return sys.stdin.buffer.read()
    return subprocess.run([sys.argv[1]], check=True, stdout=subprocess.PIPE).stdout


def number(value):
    return value if math.isfinite(value) else str(value)


def main():
    text = read().decode("utf-8")
    try:
        families = list(text_string_to_metric_families(text))
    except ValueError as error:
        print(f"not OpenMetrics: {error}", file=sys.stderr)
        return 1
    found = {}
    for family in families:
        assert family.name not in found, family.name
        for sample in family.samples:
            exemplar = sample.exemplar
            if exemplar:
                runes = sum(len(name) + len(value) for name, value in exemplar.labels.items())
                assert runes <= 128, exemplar
                assert exemplar.timestamp is not None, exemplar
                assert exemplar.value <= float(sample.labels["le"]), sample
        found[family.name] = {
            "type": family.type,
            "unit": family.unit,
            "samples": [
                {
                    "name": sample.name,
                    "labels": sample.labels,
                    "value": number(sample.value),
                    "exemplar": sample.exemplar.labels if sample.exemplar else None,
                }
                for sample in family.samples
            ],
        }
    assert found, "no family at all"
    print(json.dumps(found))
    return 0


sys.exit(main())
