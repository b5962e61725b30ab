#!/usr/bin/env python3
"""Seeded JSON Lines with near-duplicates, for measurements: the same bytes for the same arguments, on every machine.

    Benchmarks/peers/documents.py --bytes 1000000000 > documents.jsonl

Words are drawn by Zipf's law from a made-up vocabulary, documents have log-normal lengths, and some are copies of earlier
ones with a few words changed, as mirrored pages and licences are. Strings have the escapes that texts have: line ends,
quotes, and now and then a character that is not ASCII.
"""
import argparse
import sys

import numpy


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--words", type=int, default=170, help="of a document, in the median")
    parser.add_argument("--duplicates", type=float, default=0.3, help="the fraction of documents that are copies")
    parser.add_argument("--changed", type=float, default=0.02, help="the largest fraction of words that a copy changes")
    parser.add_argument("--seed", type=int, default=6)
    return parser.parse_args()


def vocabulary(random, count=50_000):
    """Words that are pronounceable, so that their lengths and letters are a language's, about."""
    consonants, vowels = list("bcdfghklmnprstvwz"), list("aeiou")
    words = []
    for number in range(count):
        syllables = 1 + min(4, int(random.geometric(0.55))) if number > 100 else 1
        word = "".join(random.choice(consonants) + random.choice(vowels) for _ in range(syllables))
        words.append(word + (random.choice(["n", "s", "r", ""]) if number > 20 else ""))
    for number in range(211, count, 211):
        words[number] = words[number] + "\u00e9"
    return numpy.array(words)


def texts(options):
    random = numpy.random.default_rng(options.seed)
    words = vocabulary(random)
    weights = 1 / numpy.arange(1, len(words) + 1)
    cumulated = numpy.cumsum(weights / weights.sum())
    breaks = numpy.array([" "] * 40 + [", "] * 4 + [". "] * 3 + ["\\n"] + ['\\" '])

    def drawn(count):
        return numpy.minimum(numpy.searchsorted(cumulated, random.random(count)), len(words) - 1)

    earlier = []
    while True:
        if earlier and random.random() < options.duplicates:
            numbers = earlier[random.integers(len(earlier))].copy()
            changed = random.random(len(numbers)) < random.random() * options.changed
            numbers[changed] = drawn(int(changed.sum()))
        else:
            numbers = drawn(max(5, int(random.lognormal(numpy.log(options.words), 0.7))))
            if len(earlier) < 100_000:
                earlier.append(numbers)
        gaps = breaks[random.integers(len(breaks), size=len(numbers))]
        yield "".join(numpy.char.add(words[numbers], gaps))


def main() -> None:
    options = arguments()
    written = 0
    out = sys.stdout.buffer
    for number, text in enumerate(texts(options)):
        line = f'{{"id": {number}, "url": "https://example.com/{number * 7919 % 1000003}", "text": "{text}"}}\n'.encode()
        out.write(line)
        written += len(line)
        if written >= options.bytes:
            break


if __name__ == "__main__":
    main()
