import { baselineOf, milliseconds } from "./address.js";
import { api } from "./api.js";
import { el, short } from "./dom.js";
import { formatCount, formatDuration, formatMoment, formatPercent, formatShare, formatTime } from "./format.js";
import { headOf, matcherText } from "./head.js";
import { axesOf, helpOf, keyWith, nodeOf } from "./key.js";
import { morph } from "./morph.js";
import { alarm, figure, retry } from "./parts.js";
import { waterfall } from "./waterfall.js";

const verdicts = {
	uniform: "Everything followed by one factor; no branch stands out. Look above: at callers, load, a shared dependency, the time of day.",
	nothing: "What moved is within what the branches do anyway. Choose a longer range, or accept it.",
};

/** The page that tells why a node changed: ranked branches that add up to the change. */
export class ExplainPage {
	constructor(ctx) {
		this.ctx = ctx;
		this.head = el("div");
		this.result = el("section", { class: "card explain", "aria-label": "Explanation" });
		this.element = el("div", { class: "page" }, this.head, this.result);
	}

	/** Reads and draws what the state asks for. A refresh leaves an explanation alone. */
	async show(state, signal, quiet) {
		if (quiet) return;
		const node = nodeOf(state.node);
		const metric = api.metric(node, { at: state.at }, signal);
		metric.catch(() => {}); // awaited below
		this.drawHead(node);
		morph(this.result, this.progress(node));
		this.ctx.present(this);
		const started = performance.now();
		const clock = setInterval(() => {
			const time = this.result.querySelector(".elapsed");
			if (time) time.textContent = `${Math.round((performance.now() - started) / 1000)} s`;
		}, 1000);
		const baseline = state.baseline === "none" ? "" : milliseconds(baselineOf(state)) === milliseconds(state.window) ? "" : baselineOf(state);
		try {
			const over = (window, baseline) => api.explain(node, state.label, { at: state.at, window, baseline }, signal);
			// A young history is explained as far as it goes.
			const explained = ["5m", "1m"].reduce((asked, window) => asked.catch((err) => {
				if (err.status !== 501) throw err;
				return over(window, "");
			}), over(state.window, baseline));
			explained.catch(() => {}); // awaited below, after the head is there
			this.node = null;
			this.node = await metric;
			this.ctx.notices("metric", this.node.notices);
			this.drawHead(this.node);
			this.draw(this.node, await explained);
		} catch (err) {
			if (err.name === "AbortError" || !this.node) throw err;
			morph(this.result, alarm(err.message), retry("Try again"));
		} finally {
			clearInterval(clock);
		}
	}

	progress(node) {
		return el("div", { class: "working", role: "status" }, el("p", {}, "Comparing the branches of ", el("b", {}, node.path), " … ", el("span", { class: "elapsed dim" })),
			el("progress", { "aria-label": "Explaining" }), el("button", { class: "action", "data-href": this.ctx.href({ view: "" }) }, "Cancel"));
	}

	drawHead(node) {
		morph(this.head, headOf(this.ctx, node, { name: node.path, help: helpOf(node) }));
	}

	draw(node, e) {
		this.ctx.notices("explain", e.notices);
		const all = axesOf(node).map((a) => a.label);
		morph(this.result,
			el("div", { class: "cardhead" }, el("h2", {}, "Why did it change?"), retry("Explain again")),
			this.windows(e),
			el("p", { class: "verdict", role: "status" }, e.summary),
			this.figures(e),
			verdicts[e.verdict] ? el("p", { class: "label" }, verdicts[e.verdict]) : "",
			waterfall(e, (b) => this.branch(node, e, b)),
			this.labels(e, all),
			excluded(e.excluded));
	}

	windows(e) {
		const { ctx } = this;
		const day = (w) => `${formatMoment(w.start)} – ${formatTime(w.end)}`;
		return el("p", { class: "label" }, `${formatDuration(ctx.state.window)} to `, el("time", {}, formatTime(e.after.end)), ` compared with ${day(e.before)}`);
	}

	figures(e) {
		const percent = e.before_value ? formatPercent((100 * e.change) / Math.abs(e.before_value)) : "";
		return el("div", { class: "figures" }, figure(e.before_text, "before"), el("div", { class: "arrow", "aria-hidden": "true" }, "→"), figure(e.after_text, "after"),
			figure(el("span", {}, e.change_text, percent && el("span", { class: "aside" }, percent)), "change"),
			e.ratio && figure(formatPercent(share(e.rate_effect, e.change)), "of it from rates", "what the ratios within the branches did"),
			e.ratio && figure(formatPercent(share(e.mix_effect, e.change)), "of it from mix", "what volume moving between branches of unlike ratios did"));
	}

	// branch is the line of a branch, or of the remainder, beside its bar.
	branch(node, e, b) {
		const { ctx } = this;
		const matchers = b.matchers || [];
		const name = matchers.length === 0 ? el("span", { class: "rest" }, e.branches.length ? "everything else" : "everything")
			: ctx.link(el("span", {}, ...matchers.map((m) => el("span", { class: "pill where" }, short(matcherText(m), 60)))),
				keyWith(node, [...(node.matchers || []), ...matchers]), {}, { class: "branchlink", title: "Go to this branch" });
		const except = (b.except || []).length ? el("span", { class: "label" }, ` without ${b.except.map((i) => i + 1).join(", ")}`) : null;
		const facts = [`${b.before_text} → ${b.after_text}`];
		if (e.ratio) facts.push(`rate ${b.rate_text}`, `mix ${b.mix_text}`);
		if (typeof b.share_before === "number") facts.push(`share ${formatShare(b.share_before)} → ${formatShare(b.share_after)}`);
		return { name: el("div", {}, name, except), facts: facts.map((f) => el("span", {}, f)), text: b.contribution_text, percent: formatPercent(b.percent) };
	}

	// labels are those that were searched; a press leaves one out or takes it in.
	labels(e, all) {
		const searched = new Set(e.labels || []);
		const names = [...new Set([...searched, ...(e.left_out || []), ...(e.folded || []), ...all])];
		if (names.length === 0) return "";
		const toggle = (label) => {
			const next = searched.has(label) ? [...searched].filter((l) => l !== label) : [...searched, label];
			const why = (e.left_out || []).includes(label) ? "too many values" : (e.folded || []).includes(label) ? "values come and go" : "";
			return el("button", { class: "choice", "aria-pressed": String(searched.has(label)), "data-row": `l:${label}`, "data-href": this.ctx.href({ label: next }) },
				short(label, 60), why && el("span", { class: "count" }, why));
		};
		return el("div", { class: "choices", role: "group", "aria-label": "Labels searched" }, el("span", { class: "caption" }, "Searched labels"), ...names.map(toggle));
	}
}

const share = (part, whole) => (whole ? (100 * part) / whole : 0);

function excluded(x) {
	const said = Object.entries(x || {}).filter(([, n]) => n > 0).map(([k, n]) => `${formatCount(n)} ${k.replace("_", " ")}`);
	return said.length ? el("p", { class: "label" }, `Leaves left out: ${said.join(", ")}.`) : "";
}
