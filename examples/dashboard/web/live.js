"use strict";

// Each panel is fetched again by itself a second after its last answer came: a
// slow one slows no other.
for (const panel of document.querySelectorAll("[data-panel]")) {
  let shown = null;
  const refresh = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch("/panel/" + panel.dataset.panel, { signal: AbortSignal.timeout(5000) });
        const html = await answer.text();
        if (answer.ok && html !== shown && !isEdited(panel)) {
          swap(panel, html);
          shown = html;
        }
        document.body.classList.remove("lost");
      } catch {
        document.body.classList.add("lost"); // the dashboard itself is away
      }
    }
    setTimeout(refresh, 1000);
  };
  refresh();
}

// isEdited tells whether somebody fills in a form of the panel.
function isEdited(panel) {
  const fields = [...panel.querySelectorAll("input, select, textarea")];
  return fields.some((f) => f === document.activeElement ||
    (f.options ? f.selectedIndex > 0 : f.value !== f.defaultValue));
}

// swap shows new HTML, which the server has escaped, and leaves focus and
// scrolling where they were.
function swap(panel, html) {
  const focused = panel.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = new Map([...panel.querySelectorAll(".scroll")].map((s) => [s.id, s.scrollTop]));
  panel.innerHTML = html;
  for (const [id, top] of scrolled) {
    const s = document.getElementById(id);
    if (s) s.scrollTop = top;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// What a guild has chosen stands in the form when it is picked.
document.addEventListener("change", (event) => {
  if (event.target.id !== "guild") return;
  const { prefix, welcome } = event.target.selectedOptions[0].dataset;
  document.getElementById("prefix").value = prefix;
  document.getElementById("welcome").value = welcome;
});
