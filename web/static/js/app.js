import { api } from "./api.js";
import { setText } from "./dom.js";
import { plural } from "./format.js";
import { keyOf, nodeOf, rootKey } from "./key.js";
import { Rows } from "./rows.js";
import { Detail } from "./detail.js";

const $ = (id) => document.getElementById(id);
const every = 5000; // milliseconds between refreshes
const parallel = 4; // requests at once during a refresh

// What the address holds.
const state = { at: rootKey, by: null, stat: "", window: "15m", filter: "", open: new Set() };
// What the server said: children by key of their parent, and what went wrong.
const children = new Map();
const errors = new Map();
const loading = new Set();
let nodes = new Map(); // every node on screen by key
let found = null; // the answer to the filter, a scope with all levels
const shut = new Set(); // scopes closed while filtering
let live = true;

const rows = new Rows($("tree"), { toggle, select });
const detail = new Detail($("detail"), {
  go: (key) => reveal(key),
  axis: (label) => change({ by: label }),
  stat: (name) => change({ stat: name }),
  retry: () => showDetail(),
});

// ---- the address -------------------------------------------------------------

function readAddress() {
  const params = new URLSearchParams(location.search);
  state.at = nodeOf(params.get("at") || "") ? params.get("at") : rootKey;
  state.by = params.get("by");
  state.stat = ["0.5", "0.99"].includes(params.get("stat")) ? params.get("stat") : "";
  state.filter = params.get("filter") || "";
  state.open = new Set(params.getAll("open").filter((k) => nodeOf(k)));
  const window = params.get("window") || "15m";
  state.window = [...$("window").options].some((o) => o.value === window) ? window : "15m";
  $("window").value = state.window;
  if ($("filter").value !== state.filter) $("filter").value = state.filter;
}

function writeAddress(push) {
  const params = new URLSearchParams();
  if (state.at !== rootKey) params.set("at", state.at);
  if (state.by !== null) params.set("by", state.by);
  if (state.stat) params.set("stat", state.stat);
  if (state.window !== "15m") params.set("window", state.window);
  if (state.filter) params.set("filter", state.filter);
  for (const key of state.open) params.append("open", key);
  const address = params.size ? `?${params}` : location.pathname;
  history[push ? "pushState" : "replaceState"](null, "", address);
}

function change(values) {
  Object.assign(state, values);
  writeAddress(true);
  showDetail();
}

// ---- the tree ----------------------------------------------------------------

const isOpen = (key) => (found && key.startsWith("s/") ? !shut.has(key) : state.open.has(key));

function childrenOf(key) {
  if (found && key.startsWith("s/")) return nodes.get(key)?.children || [];
  return children.get(key);
}

function draw() {
  const lines = [];
  nodes = new Map();
  const walk = (parent, level) => {
    const list = childrenOf(parent);
    if (errors.has(parent)) {
      lines.push({ key: `!${parent}`, note: errors.get(parent), level, error: true, retry: () => load(parent).then(draw) });
    } else if (list === undefined) {
      lines.push({ key: `…${parent}`, note: "Loading", level });
    } else if (list.length === 0) {
      lines.push({ key: `∅${parent}`, note: emptyText(parent), level });
    }
    (list || []).forEach((node, i) => {
      const key = keyOf(node);
      nodes.set(key, node);
      const open = node.expandable && isOpen(key);
      lines.push({ key, node, level, open, selected: key === state.at, position: i + 1, of: list.length });
      if (open) walk(key, level + 1);
    });
    const omitted = nodes.get(parent)?.omitted;
    if (omitted && parent.startsWith("s/")) lines.push({ key: `+${parent}`, note: `${plural(omitted, "more entry", "more entries")} left out; filter to see fewer`, level });
  };
  if (found) nodes.set(rootKey, found);
  walk(rootKey, 1);
  rows.draw(lines);
}

function emptyText(parent) {
  if (parent !== rootKey) return "One series, nothing to expand";
  return found ? "No metric matches" : "No metrics yet";
}

const collator = new Intl.Collator("en", { numeric: true });
const last = (node) => (node.type === "other" ? 2 : node.matchers.at(-1).value === "" ? 1 : 0);

// byName keeps branches in place while their values change; the series without
// the label, and the rest that is folded, come last.
const byName = (a, b) => last(a) - last(b) || collator.compare(a.name, b.name);

// load reads the children of a node.
async function load(key) {
  const node = nodeOf(key);
  loading.add(key);
  try {
    let list;
    if (node.type === "scope") {
      const scope = await api.scope(node.path);
      if (key === rootKey) setText($("summary"), `${plural(scope.metrics || 0, "metric", "metrics")} · ${plural(scope.series, "series", "series")}`);
      list = scope.children || [];
    } else if (node.type === "axis") {
      list = ((await api.split(node, node.label)).children || []).sort(byName);
    } else {
      list = ((await api.metric(node)).children || []).filter((a) => a.branches > 1);
    }
    children.set(key, list);
    errors.delete(key);
    return true;
  } catch (err) {
    if (err.status === 404 && key !== rootKey) {
      state.open.delete(key); // it has gone, as the list above it shows
      children.delete(key);
      errors.delete(key);
      return true;
    }
    errors.set(key, err.message);
    return false;
  } finally {
    loading.delete(key);
  }
}

function toggle(key) {
  if (found && key.startsWith("s/")) {
    if (!shut.delete(key)) shut.add(key);
  } else if (!state.open.delete(key)) {
    state.open.add(key);
    if (!children.has(key) && !loading.has(key)) load(key).then(draw);
  }
  writeAddress(false);
  draw();
}

// select shows a node, and opens it; on the selected node it closes and opens.
function select(key) {
  const node = nodes.get(key);
  if (!node || node.type === "other") return;
  if (node.type === "axis") {
    const parent = keyOf({ type: node.matchers?.length ? "value" : "metric", path: node.path, matchers: node.matchers });
    toggle(key);
    state.at = parent;
    change({ by: node.label });
    draw();
    return;
  }
  const again = key === state.at;
  if (node.expandable && (again || !isOpen(key))) toggle(key);
  if (!again) {
    state.at = key;
    change({ by: null });
  }
  draw();
}

// reveal selects a node from elsewhere on the page and opens the way to it.
function reveal(key) {
  state.at = key;
  const node = nodeOf(key);
  if (node.type === "scope" && key !== rootKey) state.open.add(key);
  if (node.type === "value") {
    for (let i = 0; i < node.matchers.length; i++) {
      const parent = { type: i ? "value" : "metric", path: node.path, matchers: node.matchers.slice(0, i) };
      state.open.add(keyOf(parent));
      state.open.add(keyOf({ ...parent, type: "axis", label: node.matchers[i].name }));
    }
  }
  change({ by: null });
  refreshTree();
}

// ---- the selected node -------------------------------------------------------

let showing = null; // what aborts the reading in progress
let asking = false; // whether that reading is one the user waits for

// showDetail reads and shows the selected node. quiet is a refresh: what is on
// screen stays until the answer is there.
async function showDetail(quiet) {
  showing?.abort();
  const abort = (showing = new AbortController());
  asking = !quiet;
  const { at, stat, window } = state;
  const node = nodeOf(at);
  document.title = node.path ? `${node.path} · metertree` : "metertree";
  if (!quiet) $("detail").setAttribute("aria-busy", "true");
  try {
    if (node.type === "scope") {
      detail.scope(await api.scope(node.path, abort.signal));
      return;
    }
    const full = await api.metric(node, abort.signal);
    const axes = (full.children || []).filter((a) => a.branches > 1);
    const by = state.by === null ? firstAxis(axes) : axes.some((a) => a.label === state.by) ? state.by : "";
    const quantile = full.family.kind === "histogram" ? stat : "";
    const view = { by, stat: quantile };
    const [axis, plot] = await Promise.all([
      by ? api.split(node, by, abort.signal) : null,
      api.plot(node, by, window, quantile, abort.signal).catch((err) => {
        if (err.name === "AbortError") throw err;
        return err;
      }),
    ]);
    detail.metric(full, view);
    if (plot instanceof Error) detail.noPlot(plot.message);
    else detail.plot(plot);
    detail.branches(axis, full.family, plot instanceof Error ? null : plot);
  } catch (err) {
    if (err.name === "AbortError") return;
    if (!quiet || err.status === 404) detail.message(node.path || "All metrics", err.message, true);
    else throw err;
  } finally {
    if (showing === abort) {
      asking = false;
      $("detail").removeAttribute("aria-busy");
    }
  }
}

// firstAxis is what a metric is shown by until another label is chosen: the
// server's first, unless it would open more branches than can be told apart.
const firstAxis = (axes) => (axes.length > 0 && axes[0].branches <= 30 ? axes[0].label : "");

// ---- refreshing --------------------------------------------------------------

async function refreshTree() {
  const jobs = [rootKey];
  const visit = (list) => {
    for (const node of list || []) {
      const key = keyOf(node);
      if (state.open.has(key)) jobs.push(key);
      visit(children.get(key) || (found && node.children));
    }
  };
  visit(children.get(rootKey));
  if (found) visit(found.children);
  for (const key of state.open) if (!children.has(key)) jobs.push(key);
  const queue = [...new Set(jobs)];
  let good = true;
  const work = async () => {
    for (let key = queue.shift(); key !== undefined; key = queue.shift()) good = (await load(key)) && good;
  };
  const searching = state.filter ? search(state.filter) : null;
  await Promise.all([...Array.from({ length: parallel }, work), searching]);
  draw();
  return good;
}

let refreshing = false;

async function refresh() {
  if (refreshing || document.hidden) return;
  refreshing = true;
  try {
    const results = await Promise.allSettled([refreshTree(), asking ? null : showDetail(true)]);
    const good = results[0].value === true && results[1].status === "fulfilled";
    status(good ? "" : "Not up to date: the server does not answer");
  } finally {
    refreshing = false;
  }
}

function status(text) {
  setText($("status"), text);
  document.body.classList.toggle("stale", text !== "");
}

let asked = 0;

async function search(words) {
  const number = ++asked;
  try {
    const answer = await api.search(words);
    if (number !== asked || words !== state.filter) return;
    found = answer;
    errors.delete(rootKey);
  } catch (err) {
    if (number === asked) status(err.message);
  }
}

let typing;

$("filter").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(async () => {
    state.filter = $("filter").value.trim();
    shut.clear();
    writeAddress(false);
    if (state.filter) await search(state.filter);
    else {
      asked++;
      found = null;
    }
    draw();
  }, 120);
});

$("filter").addEventListener("keydown", (e) => {
  if (e.key === "ArrowDown" || e.key === "Enter") {
    rows.focus(rows.order[0]);
    e.preventDefault();
  } else if (e.key === "Escape" && $("filter").value) {
    $("filter").value = "";
    $("filter").dispatchEvent(new Event("input"));
    e.preventDefault();
  }
});

document.addEventListener("keydown", (e) => {
  if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.target.closest("input, select")) {
    $("filter").focus();
    $("filter").select();
    e.preventDefault();
  }
});

$("window").addEventListener("change", () => change({ window: $("window").value }));

$("live").addEventListener("click", () => {
  live = !live;
  $("live").setAttribute("aria-pressed", String(live));
  setText($("live"), live ? "Live" : "Paused");
  if (live) refresh();
});

document.addEventListener("visibilitychange", () => live && refresh());
setInterval(() => live && refresh(), every);

window.addEventListener("popstate", () => {
  readAddress();
  if (!state.filter) found = null;
  refreshTree();
  showDetail();
});

readAddress();
draw();
refreshTree();
showDetail();
