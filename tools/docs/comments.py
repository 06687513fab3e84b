#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows a public header to Doxygen: its plain comments become Doxygen's, each line where it was.

    comments.py HEADER       prints the header so
    comments.py --self-test  checks that a planted header comes out as it should

The comment at the top is about the file. One with code before it, or right behind it, is about that code;
one with an empty line behind it is for readers of the header alone. Indented lines stay as they are
written. No character of a comment is a command, but backticks, which are for code.
"""

import pathlib
import re
import sys

# A line's code, in which // within quotes begins no comment, and its comment.
LINE = re.compile(r"""((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'|(?!//).)*)(?://(.*))?""")


def written(comment):
    """The lines of a comment, which have no slashes, as Doxygen reads them without Markdown."""
    # Together, because backticks may span lines.
    text = re.sub(r"[\\@&$#<>%]", r"\\\g<0>", "\n".join(comment)).replace("*/", "* /")
    lines = re.sub(r"`([^`]*)`", r"<code>\1</code>", text).split("\n")
    as_it_is = [line.startswith("  ") for line in comment] + [False]
    for i, line in enumerate(comment):
        if as_it_is[i]:
            begin = "" if as_it_is[i - 1] else " @verbatim"
            end = "" if as_it_is[i + 1] else " @endverbatim"
            lines[i] = begin + line + end
    lines[-1] += " */"
    return lines


def shown(text):
    """The text of a header as Doxygen is to read it."""
    lines = text.splitlines()
    codes, comments = zip(*(LINE.fullmatch(line).groups() for line in lines))
    i = 1  # the first line has the licence
    while i < len(lines):
        first, code = i, codes[i]
        i += 1
        if comments[first] is None:
            continue
        alone = not code.strip()
        # A comment behind code goes on in the same column.
        while (i < len(lines) and comments[i] is not None and not codes[i].strip()
               and (alone or len(codes[i]) == len(code))):
            i += 1
        at_top = alone and first == 1
        followed = i < len(lines) and codes[i].strip()[:1] not in ("", "#", "}")
        about_code = followed if alone else code.rstrip()[-1] in ";," or code.rstrip()[-1].isalnum()
        if at_top:
            lines[0] = "/** @file"
        if at_top or about_code:
            lines[first:i] = written(comments[first:i])
            opening = "" if at_top else "/**" if alone else "/**<"
            lines[first] = code + opening + lines[first]
    return "\n".join(lines) + "\n"


PLANTED = """\
// SPDX-License-Identifier: Apache-2.0
// A planted header. `a <
// b` is code, <b> is not.
#pragma once

// ---- for readers alone

// As it is:
//   f("//") % 2
struct Planted {
  char const* address = "http://";  // of
                                    // two lines
  char slash = '"';                 // a letter
  // Nothing follows.

  int f() const { return 1; }  // one
  bool g() const {  // within a body
  }
};  // behind a type
}  // namespace brood
"""
SHOWN = """\
/** @file
 A planted header. <code>a \\<
 b</code> is code, \\<b\\> is not. */
#pragma once

// ---- for readers alone

/** As it is:
 @verbatim   f("//") % 2 @endverbatim */
struct Planted {
  char const* address = "http://";  /**< of
 two lines */
  char slash = '"';                 /**< a letter */
  // Nothing follows.

  int f() const { return 1; }  // one
  bool g() const {  // within a body
  }
};  /**< behind a type */
}  // namespace brood
"""


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        print(shown(PLANTED))
        sys.exit(0 if shown(PLANTED) == SHOWN else 1)
    sys.stdout.write(shown(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
