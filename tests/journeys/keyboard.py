"""Going through a page by keyboard alone, as somebody does who sees where the focus is."""

from tests.journeys.waiting import wait_until

# What has the focus: seen in the window, with a ring or a ground of its own, on top of all else.
FOCUS = """() => {
  const one = document.activeElement;
  const box = (one.closest(".choice") || one).getBoundingClientRect();
  const style = getComputedStyle(one);
  const [x, y] = [box.left + Math.min(box.width / 2, 20), box.top + Math.min(box.height, 40) / 2];
  const top = document.elementFromPoint(x, y);
  return {
    name: one.name || "", value: one.value || "", type: one.type || one.tagName,
    words: (one.labels?.[0] || one).textContent.trim().replace(/\\s+/g, " "),
    marked: style.outlineStyle !== "none" || style.boxShadow !== "none",
    seen: box.bottom > 0 && box.top < innerHeight,
    uncovered: !top || one.contains(top) || top.contains(one) || !top.closest(".unsaved"),
  };
}"""


class Keyboard:
    def __init__(self, page):
        self.page = page

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, wanted):
        """Go on by Tab until `wanted(focus)`; each stop on the way is visible and marked."""
        for _ in range(60):
            self.press("Tab")
            focus = self.page.evaluate(FOCUS)
            if focus["type"] == "BODY":
                continue
            assert focus["marked"], focus
            assert focus["seen"], focus
            assert focus["uncovered"], focus
            if wanted(focus):
                return
        raise AssertionError(f"not reached by Tab on {self.page.url}")

    def follow(self, words):
        """Press the link or button with these words."""
        self.tab_to(lambda focus: focus["words"].startswith(words))
        before = self.page.url
        self.press("Enter")
        wait_until(self.page, "(url) => location.href !== url", before)
        self.page.wait_for_load_state()

    def write(self, name, text):
        self.tab_to(lambda focus: focus["name"] == name)
        self.page.keyboard.type(text)

    def choose(self, name, value):
        """A radio by the arrows, as the group is one stop."""
        self.tab_to(lambda focus: focus["name"] == name)
        self.press("Space")
        for _ in range(5):
            if self.page.evaluate(FOCUS)["value"] == value:
                return
            self.press("ArrowDown")
        raise AssertionError(f"{name} has no {value}")

    def tick(self, name, value):
        self.tab_to(lambda focus: (focus["name"], focus["value"]) == (name, value))
        self.press("Space")
