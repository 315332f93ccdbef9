import { at as stateAt, read, write } from "./address.js";
import { Bar } from "./bar.js";
import { CardinalityPage } from "./cardinality.js";
import { byId, el, setText, short } from "./dom.js";
import { Drawer } from "./drawer.js";
import { ExplainPage } from "./explain.js";
import { crumbs } from "./head.js";
import { HelpDialog } from "./help.js";
import { nodeOf } from "./key.js";
import { Lane } from "./lane.js";
import { MetricPage } from "./metric.js";
import { morph } from "./morph.js";
import { Namespace } from "./namespace.js";
import { Palette } from "./palette.js";
import { QueryDialog } from "./query.js";
import { ScopePage } from "./scope.js";
import { Side } from "./side.js";
import { theme } from "./theme.js";
import { trouble } from "./trouble.js";

const every = 5000; // milliseconds between refreshes of values
const structureEvery = 6; // refreshes of values for one of the names

// What the pages share: the state of the address, links made from it, and what
// outlives a page.
const ctx = {
	state: read(location.search),
	namespace: new Namespace(),
	palette: new Palette(),
	query: new QueryDialog(),
	/** The address of the present state with changes. */
	href: (changes) => write({ ...ctx.state, open: [], filter: "", ...changes }),
	/** The address of another node. */
	at: (key, more) => write({ ...stateAt(ctx.state, key, more), open: [], filter: "" }),
	/** A link to another node. */
	link: (child, key, more, props) => el("a", { href: ctx.at(key, more), ...props }, child),
	/** Keeps what a part of the server's answers says is missing. */
	notices(part, list) {
		said.set(part, list || []);
		drawNotices();
	},
	/** Pins the time. */
	pin: (ms) => go(ctx.href({ at: String(ms) })),
	/** Replaces the page on screen, unless it is this one. */
	present(next) {
		if (next !== page || !next.element.isConnected) byId("detail").replaceChildren(next.element);
		page = next;
		if (arrival) arrived();
	},
	stale: (reason) => bar.stale(reason),
};

const said = new Map(); // notices by the part of the answers they came with
let page = null;
let arrival = null; // the node that was gone to, until its page is there
let ticks = 1;
let refreshing = false;

const bar = new Bar({ change: (changes) => go(ctx.href(changes)), live: (on) => on && refresh(), retry: () => refresh() });
const side = new Side(ctx, { select: (key) => select(key), opened: () => history.replaceState(null, "", write(ctx.state)), revealed });
const drawer = new Drawer();
const help = new HelpDialog();
const lane = new Lane((on) => {
	if (on) byId("detail").setAttribute("aria-busy", "true");
	else byId("detail").removeAttribute("aria-busy");
});

// go shows another address. The tree stays as it is.
function go(search) {
	const before = ctx.state;
	ctx.state = { ...read(search), open: before.open, filter: before.filter };
	const address = write(ctx.state);
	if (address !== write(before)) history.pushState(null, "", address);
	arrive(before);
}

function select(key) {
	const view = ctx.state.view === "cardinality" ? "cardinality" : "";
	go(ctx.at(key, { view }));
	drawer.close();
}

function arrive(before) {
	const { state } = ctx;
	const moved = !before || before.node !== state.node || before.view !== state.view;
	if (moved) {
		for (const part of [...said.keys()]) if (part !== "tree") said.delete(part);
		drawNotices();
	}
	bar.draw(state);
	if (before && page?.reorder && write({ ...before, sort: "" }) === write({ ...state, sort: "" })) return page.reorder();
	side.draw();
	if (before && before.at !== state.at) ctx.namespace.values.clear();
	if (before && (before.at !== state.at || before.open !== state.open)) side.refresh();
	else if (before && before.node !== state.node) side.follow();
	return show({ moved });
}

function pageOf(state) {
	if (state.view === "cardinality") return CardinalityPage;
	if (nodeOf(state.node).type === "scope") return ScopePage;
	return state.view === "explain" ? ExplainPage : MetricPage;
}

// show reads and shows the selected node. A quiet showing is a refresh: what is on
// screen stays until the answer is there, and it rejects when there is none.
async function show({ quiet = false, moved = false } = {}) {
	const { state } = ctx;
	const Page = pageOf(state);
	const next = page instanceof Page ? page : new Page(ctx);
	const node = nodeOf(state.node);
	if (moved) arrival = { node, focus: byId("detail").contains(document.activeElement) };
	document.title = node.path ? `${short(node.path, 100)} · metertree` : "metertree";
	try {
		await lane.run((signal) => next.show(state, signal, quiet), { quiet });
	} catch (err) {
		if (quiet && err.status !== 404) throw err;
		if (!quiet || page.trouble !== err.message) ctx.present({ element: trouble(ctx, err), trouble: err.message });
	}
}

function arrived() {
	const { node, focus } = arrival;
	arrival = null;
	byId("detail").scrollTop = 0;
	setText(byId("said"), node.path ? `Showing ${short(node.path, 200)}` : "Showing all metrics");
	if (focus) byId("detail").querySelector("h1")?.focus({ preventScroll: true });
}

// revealed draws the way to the node anew when more of it is known.
function revealed() {
	const way = byId("detail").querySelector(".crumbs");
	if (way) morph(way, ...crumbs(ctx, nodeOf(ctx.state.node)).children);
}

function drawNotices() {
	const list = [...new Set([...said.values()].flat())];
	morph(byId("notices"), ...list.map((n) => el("p", {}, short(n, 600))));
}

// refresh reads values anew, and from time to time names; after a failure all.
async function refresh() {
	if (document.hidden || refreshing) return;
	refreshing = true;
	const structure = ticks++ % structureEvery === 0 || document.body.classList.contains("stale");
	const results = await Promise.allSettled([structure ? side.refresh(true) : side.readValues(), lane.waited ? null : show({ quiet: true })]);
	refreshing = false;
	const failed = results.find((r) => r.status === "rejected");
	if (failed) bar.stale(failed.reason.message);
	else bar.stale(results[0].value === false ? ctx.namespace.late || "some names could not be read" : "");
}

setInterval(() => {
	if (bar.live && !ctx.state.at) refresh();
}, every);
document.addEventListener("visibilitychange", () => bar.live && !ctx.state.at && refresh());

document.addEventListener("click", (e) => {
	if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
	const target = e.target.closest("a[href^='?'], [data-href], [data-query], [data-retry]");
	if (!target) return;
	e.preventDefault();
	if (target.dataset.query !== undefined) ctx.query.open(target.dataset.query);
	else if (target.dataset.retry !== undefined) show({ moved: page?.trouble !== undefined });
	else go(target.dataset.href ?? target.getAttribute("href"));
});

document.addEventListener("change", (e) => {
	const name = e.target.dataset?.set;
	if (name) go(ctx.href({ [name]: e.target.value }));
});

document.addEventListener("keydown", (e) => {
	if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select, textarea, dialog[open]")) return;
	if (e.key === "/") {
		drawer.set(true);
		byId("filter").focus();
		byId("filter").select();
	} else if (e.key === "?") help.open();
	else return;
	e.preventDefault();
});

byId("help").addEventListener("click", () => help.open());
byId("skip").addEventListener("click", (e) => {
	e.preventDefault();
	(byId("detail").querySelector("h1") || byId("detail")).focus();
});
theme(byId("theme"), () => page?.repaint?.());

window.addEventListener("popstate", () => {
	const before = ctx.state;
	ctx.state = read(location.search);
	byId("filter").value = ctx.state.filter;
	arrive(before);
});

byId("filter").value = ctx.state.filter;
side.refresh();
arrive(null);
