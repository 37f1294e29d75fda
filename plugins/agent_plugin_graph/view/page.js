"use strict";
// Texts reach the page as text only (textContent): a name is never markup.
const told = JSON.parse(document.getElementById("told").textContent);
const drawing = document.getElementById("drawing");
const marks = [...drawing.querySelectorAll(".mark")];
const lines = [...drawing.querySelectorAll(".joint")];
const part = (id) => document.getElementById(id);

function neighbours(n) {
  return told.lines.flatMap(([a, b]) => (a === n ? [b] : b === n ? [a] : []));
}

function choose(n) {
  const mark = told.marks[n];
  if (!mark) return;
  const near = new Set([n, ...neighbours(n)]);
  marks.forEach((drawn, i) => {
    drawn.classList.toggle("chosen", i === n);
    drawn.classList.toggle("faded", !near.has(i));
  });
  lines.forEach((line, i) => line.classList.toggle("faded", !told.lines[i].includes(n)));
  part("name").textContent = mark.name;
  part("kind").textContent = mark.kind;
  part("text").textContent = mark.text;
  part("source").textContent = mark.source;
  part("joined").replaceChildren(...[...new Set(neighbours(n))].map((other) => {
    const button = document.createElement("button");
    button.textContent = told.marks[other].name;
    button.addEventListener("click", () => choose(other));
    return button;
  }));
}

function clear() {
  [...marks, ...lines].forEach((drawn) => drawn.classList.remove("chosen", "faded"));
}

marks.forEach((mark, n) => {
  mark.addEventListener("click", (event) => { event.stopPropagation(); choose(n); });
  mark.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(n); }
  });
});

part("search").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  clear();
  if (!wanted) return;
  marks.forEach((drawn, i) => {
    const { name, kind, text } = told.marks[i];
    drawn.classList.toggle("faded", !`${name}\n${kind}\n${text}`.toLowerCase().includes(wanted));
  });
  lines.forEach((line) => line.classList.add("faded"));
});

const view = { ...told.size };
function show() { drawing.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`); }
function zoom(factor, x = view.x + view.width / 2, y = view.y + view.height / 2) {
  const next = Math.min(Math.max(view.width * factor, 120), told.size.width * 4) / view.width;
  view.x = x - (x - view.x) * next;
  view.y = y - (y - view.y) * next;
  view.width *= next;
  view.height *= next;
  show();
}
function point(event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
  return [at.x, at.y];
}
drawing.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(event.deltaY > 0 ? 1.15 : 0.87, ...point(event));
}, { passive: false });
let held = null;
drawing.addEventListener("pointerdown", (event) => { held = point(event); });
drawing.addEventListener("pointermove", (event) => {
  if (!held || !event.buttons) return;
  const [x, y] = point(event);
  view.x += held[0] - x;
  view.y += held[1] - y;
  show();
});
drawing.addEventListener("pointerup", () => { held = null; });
drawing.addEventListener("click", clear);
part("in").addEventListener("click", () => zoom(0.8));
part("out").addEventListener("click", () => zoom(1.25));
part("whole").addEventListener("click", () => { Object.assign(view, told.size); show(); });

const first = /^#mark-(\d+)$/.exec(location.hash);
choose(first ? Number(first[1]) : Math.max(0, marks.findIndex((mark) => mark.classList.contains("central"))));
if (!first) clear();
