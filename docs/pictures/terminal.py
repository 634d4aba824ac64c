"""A terminal of a fixed size in which the real program runs, and pictures of its cells.

tmux is the terminal: it understands whatever a terminal is sent, and says afterwards what stands in which cell and in
which colour. Only what it says is drawn, character by character, so that a picture is what the operator sees.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time

from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
BOLD = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf"
SIZE = 15
BACKGROUND = (20, 23, 28)
FOREGROUND = (216, 220, 226)
CAPTION = (255, 214, 110)
MARGIN = 10
ANSI = [
    (60, 64, 72), (255, 104, 92), (128, 200, 128), (240, 176, 84),
    (130, 170, 240), (214, 140, 240), (86, 194, 214), (216, 220, 226),
]
SGR = re.compile(r"\x1b\[([0-9;:]*)m")


class Terminal:
    """One run of the program. Leave it with `end`, or as a context."""

    def __init__(self, command, width, height, environment=None):
        self.socket = f"nightdesk-pictures-{os.getpid()}-{time.monotonic_ns()}"
        self.folder = tempfile.mkdtemp(prefix="nightdesk-pictures-")
        variables = {"TERM": "tmux-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "TMPDIR": self.folder}
        variables.update(environment or {})
        exports = " ".join(f"{name}='{value}'" for name, value in variables.items())
        unset = "env -u NO_COLOR -u LC_ALL -u NIGHTDESK_CONFIG -u NIGHTDESK_STATE -u NIGHTDESK_SOCKET"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
                  f"{unset} {exports} {command}; sleep 600")
        for option in (["status", "off"], ["escape-time", "0"], ["default-terminal", "tmux-256color"]):
            self.tmux("set-option", "-g", *option)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-L", self.socket, *arguments], check=True, text=True,
                              capture_output=True).stdout

    def end(self):
        """Hangs up, which ends the program as a closed window does."""
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True, check=False)
        time.sleep(1)
        shutil.rmtree(self.folder, ignore_errors=True)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))
        self.settle()

    def press(self, *keys):
        """Keys by tmux's names (Enter, Escape, Tab, C-s), or single characters."""
        for key in keys:
            self.tmux("send-keys", "--", key) if len(key) > 1 else self.tmux("send-keys", "-l", "--", key)
            time.sleep(0.12)

    def type(self, text):
        for letter in text:
            self.tmux("send-keys", "-l", "--", letter)
            time.sleep(0.03)

    def text(self):
        return self.tmux("capture-pane", "-p")

    def cells(self):
        """Rows of (character, colour, bold, reversed)."""
        return [row(line) for line in self.tmux("capture-pane", "-e", "-p", "-N").rstrip("\n").split("\n")]

    def wait(self, *words, seconds=60):
        """Until all of these stand on the screen."""
        end = time.monotonic() + seconds
        while True:
            text = self.text()
            if all(re.search(word, text) for word in words):
                return
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain for {words} in\n{text}")
            time.sleep(0.1)

    def settle(self, quiet=0.7, seconds=15):
        """Until nothing has changed for a moment."""
        end = time.monotonic() + seconds
        last, since = self.text(), time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < quiet:
            time.sleep(0.1)
            text = self.text()
            if text != last:
                last, since = text, time.monotonic()

    def picture(self, path):
        """The screen as it stands, as a PNG of few colours."""
        self.settle()
        columns, rows = (int(self.tmux("display", "-p", f"#{{window_{side}}}")) for side in ("width", "height"))
        image = draw(self.cells(), size=(columns, rows))
        image.quantize(colors=48, dither=Image.Dither.NONE).save(path, optimize=True)
        print(f"{path}  {image.width}x{image.height}  {os.path.getsize(path) // 1024} kB")


def row(line):
    cells = []
    colour, bold, reverse = FOREGROUND, False, False
    at = 0
    for found in SGR.finditer(line):
        cells += [(letter, colour, bold, reverse) for letter in line[at:found.start()]]
        at = found.end()
        codes = [int(code or 0) for code in re.split("[;:]", found.group(1) or "0")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                colour, bold, reverse = FOREGROUND, False, False
            elif code == 1:
                bold = True
            elif code == 22:
                bold = False
            elif code == 2:
                colour = tuple(part * 6 // 10 for part in colour)
            elif code == 7:
                reverse = True
            elif code == 27:
                reverse = False
            elif code == 39:
                colour = FOREGROUND
            elif code in (38, 48) and codes:
                kind = codes.pop(0)
                value = rgb(codes) if kind == 2 else indexed(codes.pop(0))
                colour = value if code == 38 else colour
            elif 30 <= code <= 37:
                colour = ANSI[code - 30]
            elif 90 <= code <= 97:
                colour = ANSI[code - 90]
    return cells + [(letter, colour, bold, reverse) for letter in line[at:]]


def rgb(codes):
    return codes.pop(0), codes.pop(0), codes.pop(0)


def indexed(number):
    if number < 16:
        return ANSI[number % 8]
    if number < 232:
        number -= 16
        return tuple(0 if part == 0 else 55 + 40 * part for part in (number // 36, number // 6 % 6, number % 6))
    return (8 + 10 * (number - 232),) * 3


class Fonts:
    regular = ImageFont.truetype(FONT, SIZE)
    bold = ImageFont.truetype(BOLD, SIZE)
    width = round(regular.getlength("M"))
    height = sum(regular.getmetrics()) + 1


def draw(cells, caption=None, size=None):
    """The cells as an image; `caption` stands on a line of its own below them."""
    columns, rows = size or (max(len(line) for line in cells), len(cells))
    width, height = columns * Fonts.width + 2 * MARGIN, rows * Fonts.height + 2 * MARGIN
    strip = Fonts.height + 8 if caption is not None else 0
    image = Image.new("RGB", (width, height + strip), BACKGROUND)
    pen = ImageDraw.Draw(image)
    for y, line in enumerate(cells):
        for x, (letter, colour, bold, reverse) in enumerate(line):
            if letter == " " and not reverse:
                continue
            left, top = MARGIN + x * Fonts.width, MARGIN + y * Fonts.height
            if reverse:
                pen.rectangle((left, top, left + Fonts.width - 1, top + Fonts.height - 1), fill=colour)
                colour = BACKGROUND
            if letter in "─│▌":
                box(pen, letter, left, top, colour)
                continue
            pen.text((left, top), letter, font=Fonts.bold if bold else Fonts.regular, fill=colour)
    if caption is not None:
        pen.rectangle((0, height, width, height + strip), fill=(34, 39, 47))
        pen.text((MARGIN, height + 4), caption, font=Fonts.bold, fill=CAPTION)
    return image


def box(pen, letter, left, top, colour):
    """Lines that join from cell to cell, whatever the font makes of them."""
    middle, centre = top + Fonts.height // 2, left + Fonts.width // 2
    if letter == "─":
        pen.line((left, middle, left + Fonts.width, middle), fill=colour)
    elif letter == "│":
        pen.line((centre, top, centre, top + Fonts.height), fill=colour)
    else:
        pen.rectangle((left, top, left + Fonts.width // 2 - 1, top + Fonts.height - 1), fill=colour)


class Film:
    """Pictures of one terminal, each for as long as the screen stood like that."""

    def __init__(self, terminal, columns, rows):
        self.terminal, self.size = terminal, (columns, rows)
        self.frames = []

    def roll(self, seconds, caption):
        """Watches the screen for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            cells = self.terminal.cells()
            key = (cells, caption)
            time.sleep(max(0, 0.2 - (time.monotonic() - began)))
            took = int((time.monotonic() - began) * 1000)
            if self.frames and self.frames[-1][0] == key:
                self.frames[-1][1] += took
            else:
                self.frames.append([key, took])

    def save(self, path):
        images = [draw(cells, caption, self.size) for (cells, caption), _ in self.frames]
        palette = images[len(images) // 2].quantize(colors=32, dither=Image.Dither.NONE)
        flat = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
        flat[0].save(path, save_all=True, append_images=flat[1:], duration=[took for _, took in self.frames],
                     loop=0, optimize=True, disposal=1)
        print(f"{path}  {len(flat)} frames  {os.path.getsize(path) // 1024} kB")
