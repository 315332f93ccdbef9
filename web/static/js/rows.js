import { el, setAttr, setText } from "./dom.js";
import { formatCount } from "./format.js";

// Rows is the tree as a flat list of lines, reused by key from one drawing to the
// next: a refresh changes texts and never loses focus, scroll or selection.
export class Rows {
  constructor(root, on) {
    this.root = root;
    this.on = on; // toggle(key), select(key), close(key), open(key)
    this.elements = new Map();
    this.order = [];
    this.focused = null;
    root.addEventListener("click", (e) => this.click(e));
    root.addEventListener("keydown", (e) => this.keydown(e));
    root.addEventListener("focusin", (e) => {
      const row = e.target.closest("[data-key]");
      if (row) this.rove(row.dataset.key);
    });
  }

  // draw shows the lines: {key, node, level, open, selected, position, of} or
  // {key, note, level, retry}.
  draw(lines) {
    const hadFocus = this.root.contains(document.activeElement);
    const keep = new Set(lines.map((l) => l.key));
    for (const [key, row] of this.elements) {
      if (keep.has(key)) continue;
      row.remove(); // first, so that no row that stays has to move and lose focus
      this.elements.delete(key);
    }
    let previous = null;
    for (const line of lines) {
      let row = this.elements.get(line.key);
      if (!row) {
        row = line.note === undefined ? this.make(line) : this.makeNote(line);
        this.elements.set(line.key, row);
      }
      if (line.note === undefined) this.update(row, line);
      else setText(row.querySelector(".text"), line.note);
      const place = previous ? previous.nextSibling : this.root.firstChild;
      if (place !== row) this.root.insertBefore(row, place);
      previous = row;
    }
    const before = this.order.indexOf(this.focused);
    this.order = lines.filter((l) => l.note === undefined).map((l) => l.key);
    if (!this.elements.has(this.focused) || !this.order.includes(this.focused)) {
      const near = this.order[Math.min(Math.max(before, 0), this.order.length - 1)];
      this.rove(near);
      if (hadFocus && near && !this.root.contains(document.activeElement)) this.elements.get(near).focus();
    }
  }

  make(line) {
    return el("div", { class: "row", role: "treeitem", tabIndex: -1, "data-key": line.key },
      el("span", { class: "chevron", "aria-hidden": "true" }),
      el("span", { class: "mark", "aria-hidden": "true" }),
      el("span", { class: "name" }),
      el("span", { class: "value" }, el("span", { class: "main" }), el("span", { class: "extra" })),
      el("span", { class: "series" }));
  }

  makeNote(line) {
    return el("div", { class: `row note ${line.error ? "error" : ""}`, role: "none", "data-note": line.key },
      el("span", { class: "text", role: line.error ? "alert" : undefined }),
      line.retry && el("button", { type: "button", class: "retry", onclick: line.retry }, "Retry"));
  }

  update(row, line) {
    const { node } = line;
    const kind = node.family ? node.family.kind : "";
    setAttr(row, "class", `row is-${node.type}${kind ? ` kind-${kind}` : ""}${line.branchKind ? ` kind-${line.branchKind}` : ""}`);
    setAttr(row, "aria-level", line.level);
    setAttr(row, "data-level", Math.min(line.level, 12));
    setAttr(row, "aria-setsize", line.of);
    setAttr(row, "aria-posinset", line.position);
    setAttr(row, "aria-expanded", node.expandable ? String(!!line.open) : null);
    setAttr(row, "aria-selected", String(!!line.selected));
    const [, , name, value, series] = row.children;
    const unset = node.type === "value" && node.matchers.at(-1).value === "";
    setAttr(name, "class", unset ? "name unset" : "name");
    setText(name, node.type === "axis" ? `by ${node.label}` : node.name);
    setAttr(row, "title", titleOf(node));
    const [text, extra] = node.error ? ["error", ""] : valueText(node);
    setText(value.firstChild, text);
    setText(value.lastChild, extra);
    setAttr(value, "class", node.error ? "value error" : "value");
    setText(series, node.type === "axis" ? `${formatCount(node.branches)} values` : formatCount(node.series));
    setAttr(series, "class", node.type === "axis" && node.branches > 100 ? "series many" : "series");
    setAttr(row, "aria-label", ariaOf(node, text + extra));
  }

  rove(key) {
    const old = this.elements.get(this.focused);
    if (old) old.tabIndex = -1;
    this.focused = key;
    const row = this.elements.get(key);
    if (row) row.tabIndex = 0;
  }

  focus(key) {
    const row = this.elements.get(key);
    if (row) row.focus();
  }

  click(e) {
    const row = e.target.closest("[data-key]");
    if (!row) return;
    const key = row.dataset.key;
    if (e.target.closest(".chevron")) this.on.toggle(key);
    else this.on.select(key);
    row.focus();
  }

  keydown(e) {
    const row = e.target.closest("[data-key]");
    if (!row || e.ctrlKey || e.metaKey || e.altKey) return;
    const key = row.dataset.key;
    const at = this.order.indexOf(key);
    const level = (k) => Number(this.elements.get(k).getAttribute("aria-level"));
    const expanded = row.getAttribute("aria-expanded");
    switch (e.key) {
      case "ArrowDown":
        this.focus(this.order[at + 1]);
        break;
      case "ArrowUp":
        this.focus(this.order[at - 1]);
        break;
      case "Home":
        this.focus(this.order[0]);
        break;
      case "End":
        this.focus(this.order.at(-1));
        break;
      case "ArrowRight":
        if (expanded === "false") this.on.toggle(key);
        else if (expanded === "true" && this.order[at + 1] && level(this.order[at + 1]) > level(key)) this.focus(this.order[at + 1]);
        break;
      case "ArrowLeft":
        if (expanded === "true") this.on.toggle(key);
        else {
          let i = at;
          while (i >= 0 && level(this.order[i]) >= level(key)) i--;
          this.focus(this.order[i]);
        }
        break;
      case "Enter":
      case " ":
        this.on.select(key);
        break;
      default:
        return;
    }
    e.preventDefault();
    e.stopPropagation();
  }
}

// valueText gives the value, and what is shown beside it when there is room.
function valueText(node) {
  if (!node.reading) return ["", ""];
  const p99 = (node.reading.quantiles || []).find((q) => q.q === 0.99 && q.value !== null);
  return [node.reading.text, p99 ? ` · p99 ${p99.text}` : ""];
}

function titleOf(node) {
  if (node.error) return node.error;
  switch (node.type) {
    case "scope":
      return `${node.path} · ${node.metrics} metrics`;
    case "metric":
      return node.family.help ? `${node.path}\n${node.family.help}` : node.path;
    case "value":
      return `${node.label}="${node.matchers.at(-1).value}"`;
    default:
      return node.name;
  }
}

function ariaOf(node, text) {
  const name = node.type === "axis" ? `by ${node.label}, ${node.branches} values` : node.name;
  const series = node.type === "axis" ? "" : `, ${node.series} series`;
  return `${name}${text ? `, ${text}` : ""}${series}`;
}
