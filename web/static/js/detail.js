import { el } from "./dom.js";
import { formatCount, formatValue, plural } from "./format.js";
import { Chart, colour } from "./chart.js";
import { keyOf, rootKey } from "./key.js";
import { morph } from "./morph.js";

const meanings = {
  rate: "per second", total: "since start", sum: "sum", min: "lowest", max: "highest", avg: "mean", single: "now", none: "no single value",
};

// Detail is the right-hand side: what is known of the selected node.
export class Detail {
  constructor(root, on) {
    this.root = root;
    this.on = on; // go(key), axis(label), stat(name), retry()
    this.chart = new Chart();
    this.plotNote = el("div", { class: "plotnote" });
    this.head = el("div", { class: "head" });
    this.controls = el("div", { class: "controls" });
    this.plotBox = el("section", { class: "plot", "aria-label": "Over time" }, this.chart.element, this.plotNote);
    this.table = el("section", { class: "branches", "aria-label": "Branches" });
    root.replaceChildren(this.head, this.controls, this.plotBox, this.table);
    root.addEventListener("click", (e) => this.click(e));
  }

  // click is one listener for all, because elements outlive what they show.
  click(e) {
    const target = e.target.closest("[data-go], [data-axis], [data-stat], [data-retry]");
    if (!target || e.ctrlKey || e.metaKey || e.shiftKey) return;
    const { go, axis, stat } = target.dataset;
    e.preventDefault();
    if (go !== undefined) this.on.go(go);
    else if (axis !== undefined) this.on.axis(axis);
    else if (stat !== undefined) this.on.stat(stat);
    else this.on.retry();
  }

  message(title, text, retry) {
    morph(this.head, el("h1", {}, title), el("p", { class: "message", role: retry ? "alert" : undefined }, text),
      retry ? el("button", { type: "button", class: "choice", "data-retry": "" }, "Try again") : "");
    morph(this.controls);
    morph(this.table);
    this.plotBox.hidden = true;
  }

  scope(node) {
    const root = node.path === "";
    morph(this.head, 
      this.crumbs(root ? [] : [{ text: "all metrics", key: rootKey }, { text: node.path.replace(/[_:./]+$/, "") }]),
      el("h1", {}, root ? "All metrics" : node.path.replace(/[_:./]+$/, "")),
      el("p", { class: "facts" }, fact(plural(node.metrics || 0, "metric", "metrics")), fact(plural(node.series, "series", "series"))));
    morph(this.controls);
    this.plotBox.hidden = true;
    this.chart.clear();
    const children = node.children || [];
    if (children.length === 0) {
      morph(this.table, el("p", { class: "message" }, "Nothing here yet. Metrics appear as soon as a target has been scraped."));
      return;
    }
    const most = Math.max(...children.map((c) => c.series), 1);
    morph(this.table, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Name"), el("th", { scope: "col", class: "num" }, "Value"),
        el("th", { scope: "col", class: "num" }, "Series"), el("th", { class: "barcell", "aria-hidden": "true" }))),
      el("tbody", {}, ...children.map((c) => el("tr", { "data-row": keyOf(c) },
        el("th", { scope: "row" }, this.link(c.type === "scope" ? `${c.name} …` : c.name, keyOf(c))),
        el("td", { class: c.error ? "num error" : "num", title: c.error || "" }, c.error ? "error" : c.reading ? c.reading.text : plural(c.metrics, "metric", "metrics")),
        el("td", { class: "num dim" }, formatCount(c.series)), bar(c.series / most))))));
  }

  metric(node, view) {
    const { family } = node;
    const walked = node.matchers || [];
    const crumbs = [{ text: node.path, key: keyOf({ type: "metric", path: node.path }) }];
    walked.forEach((m, i) => crumbs.push({
      text: m.value === "" ? `no ${m.name}` : `${m.name} = ${m.value}`,
      key: keyOf({ type: "value", path: node.path, matchers: walked.slice(0, i + 1) }),
    }));
    delete crumbs.at(-1).key;
    morph(this.head, 
      this.crumbs([{ text: "all metrics", key: rootKey }, ...crumbs]),
      el("h1", {}, node.path),
      el("p", { class: "facts" }, badge(family.kind, family.inferred.kind, "kind"), family.unit && badge(family.unit, family.inferred.unit, "unit"),
        (family.kind === "gauge" || family.kind === "unknown") && badge(`folds by ${family.fold}`, family.inferred.fold, "fold"),
        fact(plural(node.series, "series", "series"))),
      family.help ? el("p", { class: "help" }, family.help) : "",
      node.error ? el("p", { class: "message error", role: "alert" }, node.error) : this.tiles(node));
    morph(this.controls, ...this.chooser(node, view));
  }

  tiles(node) {
    const r = node.reading;
    if (!r) return "";
    const observes = node.family.kind === "histogram" || node.family.kind === "summary";
    const note = observes ? (r.meaning === "total" ? "observations since start" : "observations") : r.meaning === "rate" ? "rate" : meanings[r.meaning];
    const tile = (value, label) => el("div", { class: "tile" }, el("div", { class: "figure" }, value), el("div", { class: "label" }, label));
    return el("div", { class: "tiles" }, tile(r.text, note), ...(r.quantiles || []).map((q) => tile(q.text, `p${q.q * 100}`)));
  }

  chooser(node, view) {
    const out = [];
    const axes = (node.children || []).filter((a) => a.branches > 1);
    if (axes.length > 0) {
      const choice = (label, text, count) => el("button", {
        type: "button", class: "choice", "aria-pressed": String(view.by === label), "data-axis": label,
      }, text, count ? el("span", { class: count > 100 ? "count many" : "count" }, formatCount(count)) : null);
      out.push(el("div", { class: "choices", role: "group", "aria-label": "Expand by label" }, el("span", { class: "caption" }, "By"),
        choice("", "all"), ...axes.map((a) => choice(a.label, a.label, a.branches))));
    }
    if (node.family.kind === "histogram") {
      const stat = (name, text) => el("button", {
        type: "button", class: "choice", "aria-pressed": String(view.stat === name), "data-stat": name,
      }, text);
      out.push(el("div", { class: "choices", role: "group", "aria-label": "Plot" }, el("span", { class: "caption" }, "Plot"),
        stat("", "rate"), stat("0.5", "p50"), stat("0.99", "p99")));
    }
    const fixed = (node.children || []).filter((a) => a.branches === 1).map((a) => a.label);
    if (fixed.length > 0) out.push(el("p", { class: "fixed" }, `One value only: ${fixed.join(", ")}`));
    return out;
  }

  plot(plot) {
    this.plotBox.hidden = false;
    this.plotBox.classList.remove("failed");
    const some = plot.lines.some((l) => l.points.some((p) => typeof p === "number"));
    this.chart.element.hidden = !some;
    if (some) this.chart.show(plot);
    else this.chart.clear();
    this.plotNote.textContent = some ? (plot.omitted ? `${plural(plot.omitted, "smaller branch", "smaller branches")} not drawn` : "") : "No data in this range yet.";
  }

  noPlot(text) {
    this.plotBox.hidden = false;
    this.chart.element.hidden = true;
    this.chart.clear();
    this.plotNote.textContent = text;
  }

  // branches lists an axis's branches under the plot, in the plot's colours.
  branches(axis, family, plot) {
    if (!axis) {
      morph(this.table);
      return;
    }
    const lines = new Map((plot ? plot.lines.slice(1) : []).map((l, i) => [l.name, i]));
    const additive = family.fold === "sum";
    const total = axis.reading && axis.reading.value;
    const share = (c) => (additive && typeof total === "number" && total > 0 && c.reading && typeof c.reading.value === "number" ? c.reading.value / total : null);
    const quantiles = family.kind === "histogram" ? [0.5, 0.99] : [];
    const at = (c, q) => (c.reading.quantiles || []).find((x) => x.q === q);
    morph(this.table, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, axis.label), el("th", { scope: "col", class: "num" }, valueHeading(axis, family)),
        ...quantiles.map((q) => el("th", { scope: "col", class: "num" }, `p${q * 100}`)),
        additive ? el("th", { scope: "col", class: "num" }, "Share") : null, additive ? el("th", { class: "barcell", "aria-hidden": "true" }) : null,
        el("th", { scope: "col", class: "num" }, "Series"))),
      el("tbody", {}, ...(axis.children || []).map((c) => {
        const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
        if (c.type === "value" && lines.has(c.name)) swatch.style.background = colour(lines.get(c.name));
        const s = share(c);
        const name = c.type === "value" ? this.link(c.name, keyOf(c)) : el("span", { class: "dim" }, c.name);
        if (c.type === "value" && c.matchers.at(-1).value === "") name.classList.add("unset");
        return el("tr", { "data-row": keyOf(c) }, el("th", { scope: "row", title: c.name }, swatch, name), el("td", { class: "num" }, c.reading.text),
          ...quantiles.map((q) => el("td", { class: "num" }, at(c, q) ? at(c, q).text : "–")),
          additive ? el("td", { class: "num dim" }, s === null ? "–" : `${(100 * s).toFixed(s < 0.0995 ? 1 : 0)}%`) : null,
          additive ? bar(s || 0) : null, el("td", { class: "num dim" }, formatCount(c.series)));
      }))), reconcile(axis, additive, family));
  }

  crumbs(list) {
    if (list.length === 0) return "";
    return el("nav", { class: "crumbs", "aria-label": "Path" }, ...list.map((c) => (c.key ? this.link(c.text, c.key) : el("span", { "aria-current": "true" }, c.text))));
  }

  link(text, key) {
    const params = new URLSearchParams(location.search);
    params.set("at", key);
    params.delete("by");
    return el("a", { href: `?${params}`, "data-go": key }, text);
  }
}

function valueHeading(axis, family) {
  const meaning = axis.reading ? axis.reading.meaning : "none";
  if (family.kind === "histogram" || family.kind === "summary") return "Observations";
  return meaning === "rate" ? "Rate" : meaning === "total" ? "Total" : "Value";
}

// reconcile shows whether the branches add up to their parent.
function reconcile(axis, additive, family) {
  const total = axis.reading && axis.reading.value;
  const children = axis.children || [];
  if (!additive || typeof total !== "number" || children.length === 0) return "";
  const sum = children.reduce((s, c) => s + (typeof c.reading.value === "number" ? c.reading.value : 0), 0);
  const scale = children.reduce((s, c) => s + (typeof c.reading.value === "number" ? Math.abs(c.reading.value) : 0), Math.abs(total));
  const exact = Math.abs(sum - total) <= 1e-9 * scale;
  const unit = family.kind === "histogram" || family.kind === "summary" ? "" : family.unit;
  return el("p", { class: exact ? "reconcile" : "reconcile off" },
    exact ? `✓ branches add up to ${axis.reading.text}` : `branches differ from ${axis.reading.text} by ${formatValue(sum - total, unit, axis.reading.meaning)}`);
}

const fact = (text) => el("span", { class: "fact" }, text);

function badge(text, inferred, what) {
  return el("span", { class: "badge", title: inferred ? `This ${what} was not declared; it is inferred from the name.` : "" }, text,
    inferred ? el("span", { class: "inferred" }, " inferred") : null);
}

function bar(share) {
  const fill = el("span", {});
  fill.style.width = `${Math.max(Math.min(share, 1), 0) * 100}%`;
  return el("td", { class: "barcell", "aria-hidden": "true" }, el("span", { class: "share" }, fill));
}
