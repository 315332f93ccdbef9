import { api } from "./api.js";
import { el, short } from "./dom.js";
import { formatCount, plural } from "./format.js";
import { headOf } from "./head.js";
import { keyOf, nodeOf, scopeName } from "./key.js";
import { morph } from "./morph.js";
import { alarm, column, shareCell, tableOf } from "./parts.js";
import { signalCards } from "./signals.js";

const most = 100; // metrics whose values are read at once

/** The page of a scope: its golden signals and what is in it. */
export class ScopePage {
	constructor(ctx) {
		this.ctx = ctx;
		this.head = el("div");
		this.cards = el("section", { "aria-label": "Golden signals" });
		this.table = el("section", { class: "card", "aria-label": "Contents" });
		this.element = el("div", { class: "page" }, this.head, this.cards, this.table);
	}

	/** Reads and draws what the state asks for, as MetricPage.show. */
	async show(state, signal, quiet) {
		const { path } = nodeOf(state.node);
		const options = { at: state.at };
		const signals = api.signals(path, options, signal).then((value) => ({ value }), (reason) => ({ reason }));
		const scope = await api.scope(path, options, signal);
		this.ctx.namespace.scopes.set(path, { node: scope });
		this.ctx.notices("scope", scope.notices);
		this.draw(scope);
		this.ctx.present(this);
		const names = (scope.children || []).filter((c) => c.type !== "scope").slice(0, most).map((c) => c.path);
		const [answer, read] = await Promise.all([signals, this.ctx.namespace.read(names, options, signal, () => this.draw(scope))]);
		if (signal.aborted) return;
		if (answer.value) morph(this.cards, signalCards(this.ctx, answer.value));
		else if (!quiet) morph(this.cards, alarm(`Golden signals: ${answer.reason.message}`));
		if (quiet && (answer.reason || !read)) throw answer.reason || new Error(this.ctx.namespace.late);
	}

	draw(scope) {
		const { ctx } = this;
		const root = scope.path === "";
		morph(this.head, headOf(ctx, { type: "scope", path: scope.path, warnings: scope.warnings }, {
			name: root ? "All metrics" : scopeName(scope.path),
			value: el("p", { class: "facts" }, el("span", { class: "fact" }, plural(scope.metrics || 0, "metric", "metrics")), el("span", { class: "fact" }, plural(scope.series, "series", "series"))),
		}));
		const children = scope.children || [];
		if (children.length === 0) {
			morph(this.table, el("p", { class: "message" }, "Nothing here yet. Metrics appear as soon as a target has been scraped."));
			return;
		}
		const total = scope.series || 1;
		morph(this.table, tableOf("What is in this scope", [column("Name"), column("Kind"), column("Value", true), column("Part of series", true), column("Series", true)],
			children.map((c) => this.row(c, c.series / total))),
		scope.omitted ? el("p", { class: "shown" }, `${plural(scope.omitted, "more entry", "more entries")} left out; filter to see them`) : "");
	}

	row(c, share) {
		const scope = c.type === "scope";
		const read = scope ? null : this.ctx.namespace.values.get(c.path);
		const text = scope ? plural(c.metrics || 0, "metric", "metrics") : read?.error ? "error" : read?.reading?.text || (read ? "–" : "…");
		const p99 = read?.reading?.quantiles?.find((q) => q.q === 0.99 && q.value !== null);
		return el("tr", { "data-row": keyOf(c) },
			el("th", { scope: "row", title: short(c.family?.help || c.path, 400) }, this.ctx.link(scope ? `${scopeName(c.name)} ›` : short(c.name, 120), keyOf(c))),
			el("td", { class: "dim" }, scope ? "scope" : c.type === "ratio" ? "ratio" : c.family?.kind || ""),
			el("td", { class: read?.error ? "num error" : scope ? "num dim" : "num strong", title: read?.error || null }, text, p99 && el("span", { class: "dim" }, ` · p99 ${p99.text}`)),
			shareCell(share),
			el("td", { class: "num dim" }, formatCount(c.series)));
	}
}
