# SPDX-License-Identifier: Apache-2.0
"""Two plain plots as SVG, the same bytes for the same numbers: lines over a logarithmic axis, and bars."""
import html
import math
import textwrap

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 78, 20, 40, 78
COLOURS = ["#1b6ca8", "#d1495b", "#2e933c", "#8d6a9f", "#edae49", "#555555"]


def short(value):
    """1200000 -> 1.2 M"""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def text(x, y, words, anchor="middle", size=12, more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>'
            f"{html.escape(str(words))}</text>")


def line(x1, y1, x2, y2, colour="#cccccc"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def page(title, caption, parts):
    """caption: may be long; it becomes as many lines as it needs."""
    below = textwrap.wrap(caption.replace("`", ""), 105)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', text(WIDTH / 2, 22, title, size=15), *parts,
        *(text(WIDTH / 2, HEIGHT - 8 - 12 * (len(below) - 1 - at), words, size=10, more=' fill="#555555"')
          for at, words in enumerate(below)), "</svg>"]) + "\n"


def decades(values):
    """Powers of ten from below the smallest to above the largest."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0 ** e for e in range(low, max(high, low + 1) + 1)]


def lines(title, caption, x_name, y_name, series):
    """series: name -> [(x, y)]; both axes logarithmic."""
    xs = decades([x for points in series.values() for x, _ in points])
    ys = decades([y for points in series.values() for _, y in points])

    def across(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(x / xs[0]) / math.log10(xs[-1] / xs[0])

    def up(y):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log10(y / ys[0]) / math.log10(ys[-1] / ys[0])

    parts = [line(across(x), TOP, across(x), HEIGHT - BOTTOM) for x in xs]
    parts += [text(across(x), HEIGHT - BOTTOM + 16, short(x)) for x in xs]
    parts += [line(LEFT, up(y), WIDTH - RIGHT, up(y)) for y in ys]
    parts += [text(LEFT - 6, up(y) + 4, short(y), "end") for y in ys]
    parts += [text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 34, x_name),
              text(18, (TOP + HEIGHT - BOTTOM) / 2, y_name,
                   more=f' transform="rotate(-90 18 {(TOP + HEIGHT - BOTTOM) / 2:.1f})"')]
    for at, (name, points) in enumerate(series.items()):
        colour = COLOURS[at % len(COLOURS)]
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(text(LEFT + 10, TOP + 14 + 15 * at, name, "start", more=f' fill="{colour}"'))
    return page(title, caption, parts)


def bars(title, caption, values, show, logarithmic=False):
    """values: name -> number > 0; lying bars, each with its number as show() writes it."""
    left = 200
    step = (HEIGHT - TOP - BOTTOM) / len(values)
    marks = decades(values.values()) if logarithmic else [0, max(*values.values(), 1)]
    parts = []
    for at, (name, value) in enumerate(values.items()):
        if logarithmic:
            share = math.log10(value / marks[0]) / math.log10(marks[-1] / marks[0])
        else:
            share = value / marks[-1]
        y = TOP + step * at
        length = share * (WIDTH - left - 80)
        parts.append(text(left - 8, y + step / 2 + 4, name, "end"))
        parts.append(f'<rect x="{left}" y="{y + 0.15 * step:.1f}" width="{length:.1f}" height="{0.7 * step:.1f}" '
                     f'fill="{COLOURS[0]}"/>')
        parts.append(text(left + length + 6, y + step / 2 + 4, show(value), "start"))
    return page(title, caption, parts)
